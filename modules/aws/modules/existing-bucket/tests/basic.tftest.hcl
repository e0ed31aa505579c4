mock_provider "aws" {}

run "is_applied" {
  variables {
    bucket_name        = "our-bucket"
    exporter_role_name = "kong-exporter"
    importer_role_name = "kong-gateway"
    control_plane      = "cp.example.com:8005"
    gateway_versions   = ["3.9.1", "3.10.0.2"]
  }
  assert {
    condition     = can(regex("^s3://our-bucket/kong$", output.storage_url))
    error_message = "storage_url is ${output.storage_url}"
  }
}

run "refuses_a_version_that_is_not_full" {
  command = plan
  variables {
    bucket_name        = "our-bucket"
    exporter_role_name = "kong-exporter"
    importer_role_name = "kong-gateway"
    control_plane      = "cp.example.com:8005"
    gateway_versions   = ["3.9"]
  }
  expect_failures = [var.gateway_versions]
}

run "refuses_no_version" {
  command = plan
  variables {
    bucket_name        = "our-bucket"
    exporter_role_name = "kong-exporter"
    importer_role_name = "kong-gateway"
    control_plane      = "cp.example.com:8005"
    gateway_versions   = []
  }
  expect_failures = [var.gateway_versions]
}
