mock_provider "aws" {}

run "is_applied" {
  variables {
    control_plane                  = "cp.example.com:8005"
    agent_archive                  = "lambda.zip"
    cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
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
    agent_archive                  = "lambda.zip"
    cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
    alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    gateway_versions               = ["3.9"]
  }
  expect_failures = [var.gateway_versions]
}

run "refuses_no_version" {
  command = plan
  variables {
    control_plane                  = "cp.example.com:8005"
    agent_archive                  = "lambda.zip"
    cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
    alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
    gateway_versions               = []
  }
  expect_failures = [var.gateway_versions]
}
