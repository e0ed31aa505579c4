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

resource "aws_s3_bucket" "ours" {
  bucket = "our-bucket"
}

resource "aws_s3_bucket_policy" "ours" {
  bucket = aws_s3_bucket.ours.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    # Put your own statements before these.
    Statement = module.kong_resilience.bucket_policy_statements
  })
}

resource "aws_s3_bucket_lifecycle_configuration" "ours" {
  bucket = aws_s3_bucket.ours.bucket

  # Your own rules stay beside these.
  dynamic "rule" {
    for_each = module.kong_resilience.lifecycle_rules
    content {
      id     = rule.value.id
      status = rule.value.status
      filter {
        prefix = rule.value.filter.prefix
      }
      dynamic "expiration" {
        for_each = try([rule.value.expiration], [])
        content {
          days                         = try(expiration.value.days, null)
          expired_object_delete_marker = try(expiration.value.expired_object_delete_marker, null)
        }
      }
      dynamic "noncurrent_version_expiration" {
        for_each = try([rule.value.noncurrent_version_expiration], [])
        content {
          noncurrent_days           = noncurrent_version_expiration.value.noncurrent_days
          newer_noncurrent_versions = try(noncurrent_version_expiration.value.newer_noncurrent_versions, null)
        }
      }
      dynamic "abort_incomplete_multipart_upload" {
        for_each = try([rule.value.abort_incomplete_multipart_upload], [])
        content {
          days_after_initiation = abort_incomplete_multipart_upload.value.days_after_initiation
        }
      }
    }
  }
}

module "kong_resilience" {
  source = "../.."

  bucket_name        = "our-bucket"
  exporter_role_name = "kong-exporter"
  importer_role_name = "kong-gateway"
  control_plane      = "cp.example.com:8005"
  gateway_versions   = ["3.9.1"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
