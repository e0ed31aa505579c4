terraform {
  required_providers {
    aws = {
      source = "hashicorp/aws"
    }
  }
}

provider "aws" {
  region = "eu-central-1"
}

module "kong_resilience" {
  source = "../.."

  control_plane    = "cp.example.com:8005"
  gateway_versions = ["3.9.1"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
