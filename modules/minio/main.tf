# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_cert               = startswith(var.cluster_cert, "/") ? var.cluster_cert : ""
  cluster_cert_key           = startswith(var.cluster_cert_key, "/") ? var.cluster_cert_key : ""
  cluster_ca_cert            = var.cluster_ca_cert == null ? null : (startswith(var.cluster_ca_cert, "/") ? var.cluster_ca_cert : "")
  exporter_kubernetes_secret = can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.exporter_kubernetes_secret)) ? var.exporter_kubernetes_secret : ""
  importer_kubernetes_secret = can(regex("^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$", var.importer_kubernetes_secret)) ? var.importer_kubernetes_secret : ""
  gateway_version            = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
  # KONG_RESILIENCE_… is the agent's alone.
  gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }
}

resource "minio_s3_bucket" "store" {
  bucket        = var.bucket_name
  force_destroy = var.force_destroy
}

resource "minio_s3_bucket_versioning" "store_versioning" {
  bucket = minio_s3_bucket.store.bucket
  versioning_configuration {
    status = "Enabled"
  }
}

resource "minio_ilm_policy" "store_lifecycle" {
  bucket = minio_s3_bucket.store.bucket
  rule {
    id     = "kong-configurations:${var.prefix}/"
    status = "Enabled"
    filter = "${var.prefix}/"
    noncurrent_expiration {
      days           = "30d"
      newer_versions = 10
    }
  }
  dynamic "rule" {
    for_each = toset(var.gateway_versions)
    content {
      id     = "kong-lease:${var.prefix}/${rule.value}/kong-resilience.json"
      status = "Enabled"
      filter = "${var.prefix}/${rule.value}/kong-resilience.json"
      noncurrent_expiration {
        days = "1d"
      }
    }
  }
  dynamic "rule" {
    for_each = toset(var.gateway_versions)
    content {
      id         = "kong-election:${var.prefix}/${rule.value}/election/"
      status     = "Enabled"
      filter     = "${var.prefix}/${rule.value}/election/"
      expiration = "7d"
    }
  }
  dynamic "rule" {
    for_each = toset(var.gateway_versions)
    content {
      id                           = "kong-election-replaced:${var.prefix}/${rule.value}/election/"
      status                       = "Enabled"
      filter                       = "${var.prefix}/${rule.value}/election/"
      expired_object_delete_marker = true
      noncurrent_expiration {
        days = "1d"
      }
    }
  }
}

resource "minio_iam_user" "user" {
  name = var.user_name
}

resource "minio_iam_policy" "user_policy" {
  name_prefix = "kong-resilience-"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "s3:PutObject",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*/config.json",
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*/kong-resilience.json",
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*/election/*",
        ]
      },
      {
        Effect = "Allow"
        Action = [
          "s3:GetObject",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*",
        ]
      },
      {
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}",
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
}

resource "minio_iam_user_policy_attachment" "user_policy_attachment" {
  user_name   = minio_iam_user.user.name
  policy_name = minio_iam_policy.user_policy.name
}

resource "minio_iam_service_account" "exporter_account" {
  target_user = minio_iam_user.user.name
  name        = "kong-exporter"
  description = "Writes the configurations of the gateways."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "s3:PutObject",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*/config.json",
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*/kong-resilience.json",
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*/election/*",
        ]
      },
      {
        Effect = "Allow"
        Action = [
          "s3:GetObject",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*",
        ]
      },
      {
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}",
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
}

resource "minio_iam_service_account" "importer_account" {
  target_user = minio_iam_user.user.name
  name        = "kong-gateway"
  description = "Reads the configurations of the gateways."
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Action = [
          "s3:GetObject",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}/${var.prefix}/*",
        ]
      },
      {
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          "arn:aws:s3:::${minio_s3_bucket.store.bucket}",
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
}
