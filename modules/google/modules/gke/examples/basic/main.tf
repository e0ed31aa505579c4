terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

provider "google" {
  project = "example-project"
  region  = "europe-west1"
}

module "kong_resilience" {
  source = "../.."

  bucket_name      = "example-kong-fallback"
  location         = "EU"
  control_plane    = "cp.example.com:8005"
  gateway_versions = ["3.9.1"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
