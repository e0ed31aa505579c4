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

  bucket_name                = "example-kong-fallback"
  location                   = "EU"
  control_plane              = "cp.example.com:8005"
  gateway_versions           = ["3.9.1"]
  region                     = "europe-west1"
  image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
  cluster_certificate_secret = "kong-cluster-cert"
  cluster_key_secret         = "kong-cluster-key"
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
