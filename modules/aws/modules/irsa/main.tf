# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_cert     = startswith(var.cluster_cert, "/") ? var.cluster_cert : ""
  cluster_cert_key = startswith(var.cluster_cert_key, "/") ? var.cluster_cert_key : ""
  cluster_ca_cert  = var.cluster_ca_cert == null ? null : (startswith(var.cluster_ca_cert, "/") ? var.cluster_ca_cert : "")
  gateway_version  = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
  # KONG_RESILIENCE_… is the agent's alone.
  gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }
}

resource "aws_iam_role" "exporter_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = var.oidc_provider_arn
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
        ]
        Condition = {
          StringEquals = {
            "1:aud" = [
              "sts.amazonaws.com",
            ]
            "2:sub" = [
              "system:serviceaccount:${var.namespace}:${var.exporter_service_account}",
            ]
          }
        }
      },
    ]
  })
  name_prefix          = "kong-"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "exporter_role_export_store" {
  name = "kong-Export-Store"
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
          "${aws_s3_bucket.store.arn}/${var.prefix}/*/config.json",
          "${aws_s3_bucket.store.arn}/${var.prefix}/*/kong-resilience.json",
          "${aws_s3_bucket.store.arn}/${var.prefix}/*/election/*",
        ]
      },
      {
        Sid    = "KongRead"
        Effect = "Allow"
        Action = [
          "s3:GetObject",
        ]
        Resource = [
          "${aws_s3_bucket.store.arn}/${var.prefix}/*",
        ]
      },
      {
        Sid    = "KongList"
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          aws_s3_bucket.store.arn,
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
  role = aws_iam_role.exporter_role.name
}

resource "aws_iam_role" "importer_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Federated = var.oidc_provider_arn
        }
        Action = [
          "sts:AssumeRoleWithWebIdentity",
        ]
        Condition = {
          StringEquals = {
            "1:aud" = [
              "sts.amazonaws.com",
            ]
            "2:sub" = [
              "system:serviceaccount:${var.namespace}:${var.importer_service_account}",
            ]
          }
        }
      },
    ]
  })
  name_prefix          = "kong-"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "importer_role_import_store" {
  name = "kong-Import-Store"
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
          "${aws_s3_bucket.store.arn}/${var.prefix}/*",
        ]
      },
      {
        Sid    = "KongList"
        Effect = "Allow"
        Action = [
          "s3:ListBucket",
        ]
        Resource = [
          aws_s3_bucket.store.arn,
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
  role = aws_iam_role.importer_role.name
}

resource "aws_s3_bucket" "store" {
  bucket        = var.bucket_name
  bucket_prefix = var.bucket_name == null ? var.bucket_prefix : null
  force_destroy = var.force_destroy
  tags          = var.tags
}

resource "aws_s3_bucket_server_side_encryption_configuration" "store_encryption" {
  bucket = aws_s3_bucket.store.bucket
  rule {
    apply_server_side_encryption_by_default {
      sse_algorithm = "AES256"
    }
  }
}

resource "aws_s3_bucket_public_access_block" "store_public_access_block" {
  block_public_acls       = true
  block_public_policy     = true
  bucket                  = aws_s3_bucket.store.bucket
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_ownership_controls" "store_ownership_controls" {
  bucket = aws_s3_bucket.store.bucket
  rule {
    object_ownership = "BucketOwnerEnforced"
  }
  depends_on = [
    aws_s3_bucket_public_access_block.store_public_access_block,
  ]
}

resource "aws_s3_bucket_versioning" "store_versioning" {
  bucket = aws_s3_bucket.store.bucket
  versioning_configuration {
    status = "Enabled"
  }
}

resource "aws_s3_bucket_policy" "store_policy" {
  bucket = aws_s3_bucket.store.bucket
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Sid    = "KongTlsOnly"
        Effect = "Deny"
        Principal = {
          AWS = "*"
        }
        Action = [
          "s3:*",
        ]
        Resource = [
          aws_s3_bucket.store.arn,
          "${aws_s3_bucket.store.arn}/*",
        ]
        Condition = {
          Bool = {
            "aws:SecureTransport" = [
              "false",
            ]
          }
        }
      },
    ]
  })
  depends_on = [
    aws_s3_bucket_public_access_block.store_public_access_block,
  ]
}

resource "aws_s3_bucket_lifecycle_configuration" "store_lifecycle" {
  bucket = aws_s3_bucket.store.bucket
  rule {
    id     = "kong-uploads"
    status = "Enabled"
    abort_incomplete_multipart_upload {
      days_after_initiation = 1
    }
    filter {
      prefix = ""
    }
  }
  rule {
    id     = "kong-configurations:${var.prefix}/"
    status = "Enabled"
    filter {
      prefix = "${var.prefix}/"
    }
    noncurrent_version_expiration {
      newer_noncurrent_versions = var.noncurrent_configuration_versions
      noncurrent_days           = var.noncurrent_configuration_days
    }
  }
  dynamic "rule" {
    for_each = toset(var.gateway_versions)
    content {
      id     = "kong-lease:${var.prefix}/${rule.value}/kong-resilience.json"
      status = "Enabled"
      filter {
        prefix = "${var.prefix}/${rule.value}/kong-resilience.json"
      }
      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }
  dynamic "rule" {
    for_each = toset(var.gateway_versions)
    content {
      id     = "kong-election:${var.prefix}/${rule.value}/election/"
      status = "Enabled"
      expiration {
        days = 7
      }
      filter {
        prefix = "${var.prefix}/${rule.value}/election/"
      }
      noncurrent_version_expiration {
        noncurrent_days = 1
      }
    }
  }
  dynamic "rule" {
    for_each = toset(var.gateway_versions)
    content {
      id     = "kong-election-markers:${var.prefix}/${rule.value}/election/"
      status = "Enabled"
      expiration {
        expired_object_delete_marker = true
      }
      filter {
        prefix = "${var.prefix}/${rule.value}/election/"
      }
    }
  }
  depends_on = [
    aws_s3_bucket_versioning.store_versioning,
  ]
}

resource "aws_s3_bucket_logging" "store_access_log" {
  count         = var.access_log_bucket == null ? 0 : 1
  bucket        = aws_s3_bucket.store.bucket
  target_bucket = var.access_log_bucket
  target_prefix = "${aws_s3_bucket.store.bucket}/"
}
