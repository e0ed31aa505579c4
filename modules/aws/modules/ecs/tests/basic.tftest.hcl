mock_provider "aws" {}

run "is_applied" {
  variables {
    control_plane                  = "cp.example.com:8005"
    cluster                        = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
    subnets                        = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    image                          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0"
    cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
    gateway_image                  = "kong:3.9.1"
    alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    gateway_versions               = ["3.9.1", "3.10.0.2"]
  }
  assert {
    condition     = can(regex("^s3://.*/kong$", output.storage_url))
    error_message = "storage_url is ${output.storage_url}"
  }
}

run "refuses_a_version_that_is_not_full" {
  command = plan
  variables {
    control_plane                  = "cp.example.com:8005"
    cluster                        = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
    subnets                        = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    image                          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0"
    cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
    gateway_image                  = "kong:3.9.1"
    alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    gateway_versions               = ["3.9"]
  }
  expect_failures = [var.gateway_versions]
}

run "refuses_no_version" {
  command = plan
  variables {
    control_plane                  = "cp.example.com:8005"
    cluster                        = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
    subnets                        = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
    image                          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0"
    cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
    gateway_image                  = "kong:3.9.1"
    alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    gateway_versions               = []
  }
  expect_failures = [var.gateway_versions]
}
