mock_provider "aws" {}

run "is_applied" {
  variables {
    control_plane     = "cp.example.com:8005"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"
    gateway_versions  = ["3.9.1", "3.10.0.2"]
  }
  assert {
    condition     = can(regex("^s3://.*/kong$", output.storage_url))
    error_message = "storage_url is ${output.storage_url}"
  }
}

run "refuses_a_version_that_is_not_full" {
  command = plan
  variables {
    control_plane     = "cp.example.com:8005"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"
    gateway_versions  = ["3.9"]
  }
  expect_failures = [var.gateway_versions]
}

run "refuses_no_version" {
  command = plan
  variables {
    control_plane     = "cp.example.com:8005"
    oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"
    gateway_versions  = []
  }
  expect_failures = [var.gateway_versions]
}
