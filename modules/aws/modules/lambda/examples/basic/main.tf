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

  control_plane                  = "cp.example.com:8005"
  gateway_versions               = ["3.9.1"]
  agent_archive                  = "lambda.zip"
  cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
  alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
