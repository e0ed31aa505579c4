mock_provider "google" {}

run "is_applied" {
  variables {
    bucket_name                = "example-kong-fallback"
    location                   = "EU"
    control_plane              = "cp.example.com:8005"
    region                     = "europe-west1"
    image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
    cluster_certificate_secret = "kong-cluster-cert"
    cluster_key_secret         = "kong-cluster-key"
    gateway_image              = "europe-docker.pkg.dev/example-project/kong/kong:3.9.1"
    gateway_versions           = ["3.9.1", "3.10.0.2"]
  }
  assert {
    condition     = can(regex("^gcs://example-kong-fallback/kong$", output.storage_url))
    error_message = "storage_url is ${output.storage_url}"
  }
}

run "refuses_a_version_that_is_not_full" {
  command = plan
  variables {
    bucket_name                = "example-kong-fallback"
    location                   = "EU"
    control_plane              = "cp.example.com:8005"
    region                     = "europe-west1"
    image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
    cluster_certificate_secret = "kong-cluster-cert"
    cluster_key_secret         = "kong-cluster-key"
    gateway_image              = "europe-docker.pkg.dev/example-project/kong/kong:3.9.1"
    gateway_versions           = ["3.9"]
  }
  expect_failures = [var.gateway_versions]
}

run "refuses_no_version" {
  command = plan
  variables {
    bucket_name                = "example-kong-fallback"
    location                   = "EU"
    control_plane              = "cp.example.com:8005"
    region                     = "europe-west1"
    image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
    cluster_certificate_secret = "kong-cluster-cert"
    cluster_key_secret         = "kong-cluster-key"
    gateway_image              = "europe-docker.pkg.dev/example-project/kong/kong:3.9.1"
    gateway_versions           = []
  }
  expect_failures = [var.gateway_versions]
}
