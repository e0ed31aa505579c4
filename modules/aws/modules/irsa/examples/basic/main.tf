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

  control_plane     = "cp.example.com:8005"
  gateway_versions  = ["3.9.1"]
  oidc_provider_arn = "arn:aws:iam::123456789012:oidc-provider/oidc.eks.eu-central-1.amazonaws.com/id/0A1B"
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
