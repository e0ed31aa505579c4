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
  cluster                        = "arn:aws:ecs:eu-central-1:123456789012:cluster/edge"
  subnets                        = ["subnet-0a1b2c3d", "subnet-4e5f6a7b"]
  image                          = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/kong-resilience:0.1.0"
  cluster_certificate_secret_arn = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:kong-cluster-AbCdEf"
  gateway_image                  = "kong:3.9.1"
  alarm_actions                  = ["arn:aws:sns:eu-central-1:123456789012:on-call"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
