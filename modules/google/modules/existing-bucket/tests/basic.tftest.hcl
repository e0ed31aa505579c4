mock_provider "google" {}

run "is_applied" {
  variables {
    bucket_name                    = "our-bucket"
    exporter_service_account_email = "kong-exporter@example-project.iam.gserviceaccount.com"
    importer_service_account_email = "kong-gateway@example-project.iam.gserviceaccount.com"
    control_plane                  = "cp.example.com:8005"
    gateway_versions               = ["3.9.1", "3.10.0.2"]
  }
  assert {
    condition     = can(regex("^gcs://our-bucket/kong$", output.storage_url))
    error_message = "storage_url is ${output.storage_url}"
  }
}

run "refuses_a_version_that_is_not_full" {
  command = plan
  variables {
    bucket_name                    = "our-bucket"
    exporter_service_account_email = "kong-exporter@example-project.iam.gserviceaccount.com"
    importer_service_account_email = "kong-gateway@example-project.iam.gserviceaccount.com"
    control_plane                  = "cp.example.com:8005"
    gateway_versions               = ["3.9"]
  }
  expect_failures = [var.gateway_versions]
}

run "refuses_no_version" {
  command = plan
  variables {
    bucket_name                    = "our-bucket"
    exporter_service_account_email = "kong-exporter@example-project.iam.gserviceaccount.com"
    importer_service_account_email = "kong-gateway@example-project.iam.gserviceaccount.com"
    control_plane                  = "cp.example.com:8005"
    gateway_versions               = []
  }
  expect_failures = [var.gateway_versions]
}
