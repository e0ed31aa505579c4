terraform {
  required_providers {
    minio = {
      source = "aminueza/minio"
    }
  }
}

provider "minio" {
  minio_server   = "minio.example.com:9000"
  minio_user     = "admin"
  minio_password = var.minio_password
  minio_ssl      = true
}

variable "minio_password" {
  type      = string
  sensitive = true
}

module "kong_resilience" {
  source = "../.."

  bucket_name      = "kong-fallback"
  endpoint         = "https://minio.example.com:9000"
  control_plane    = "cp.example.com:8005"
  gateway_versions = ["3.9.1"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
