# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_cert     = startswith(var.cluster_cert, "/") ? var.cluster_cert : ""
  cluster_cert_key = startswith(var.cluster_cert_key, "/") ? var.cluster_cert_key : ""
  cluster_ca_cert  = var.cluster_ca_cert == null ? null : (startswith(var.cluster_ca_cert, "/") ? var.cluster_ca_cert : "")
  gateway_version  = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
  # KONG_RESILIENCE_… is the agent's alone.
  gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }
}

data "aws_partition" "store_partition" {}

data "aws_region" "store_region" {}

data "aws_iam_role" "exporter_role_role" {
  name = var.exporter_role_name
}

resource "aws_iam_role_policy" "exporter_role_export_store" {
  name = "kong-Export-Store-96b0a30f"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "KongWrite"
        Effect = "Allow"
        Action = [
          "s3:PutObject",
        ]
        Resource = [
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}/${var.prefix}/*/config.json",
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}/${var.prefix}/*/kong-resilience.json",
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}/${var.prefix}/*/election/*",
        ]
      },
      {
        Sid    = "KongRead"
        Effect = "Allow"
        Action = [
          "s3:GetObject",
        ]
        Resource = [
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}/${var.prefix}/*",
        ]
      },
      {
        Sid    = "KongList"
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}",
        ]
        Condition = {
          StringLike = {
            "s3:prefix" = [
              "${var.prefix}/*",
            ]
          }
        }
      },
    ]
  })
  role = var.exporter_role_name
}

data "aws_iam_role" "importer_role_role" {
  name = var.importer_role_name
}

resource "aws_iam_role_policy" "importer_role_import_store" {
  name = "kong-Import-Store-f98cb2be"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "KongRead"
        Effect = "Allow"
        Action = [
          "s3:GetObject",
        ]
        Resource = [
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}/${var.prefix}/*",
        ]
      },
      {
        Sid    = "KongList"
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          "arn:${data.aws_partition.store_partition.partition}:s3:::${var.bucket_name}",
        ]
        Condition = {
          StringLike = {
            "s3:prefix" = [
              "${var.prefix}/*",
            ]
          }
        }
      },
    ]
  })
  role = var.importer_role_name
}
