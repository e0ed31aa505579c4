# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_certificate_secret_arn = can(regex("^arn:[^:]+:secretsmanager:[^\\s]+$", var.cluster_certificate_secret_arn)) ? var.cluster_certificate_secret_arn : ""
  cluster_ca_json_key            = var.cluster_ca_json_key == null ? null : (can(regex("^[A-Za-z0-9_-]{1,64}$", var.cluster_ca_json_key)) ? var.cluster_ca_json_key : "")
  secrets_kms_key_arn            = var.secrets_kms_key_arn == null ? null : (can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/[^\\s]+$", var.secrets_kms_key_arn)) ? var.secrets_kms_key_arn : "")
  gateway_version                = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
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

resource "aws_iam_role" "exporter_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
        ]
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

resource "aws_iam_role_policy" "exporter_role_run_exporter_function" {
  name = "kong-Run-ExporterFunction"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid    = "KongLog"
        Effect = "Allow"
        Action = [
          "logs:CreateLogStream",
          "logs:PutLogEvents",
        ]
        Resource = [
          "${aws_cloudwatch_log_group.exporter_function_log.arn}:*",
        ]
      },
      {
        Sid    = "KongSecrets"
        Effect = "Allow"
        Action = [
          "secretsmanager:GetSecretValue",
        ]
        Resource = [
          local.cluster_certificate_secret_arn,
        ]
      },
      ], [for _ in local.secrets_kms_key_arn[*] : {
        Sid    = "KongSecretsKey"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
        ]
        Resource = [
          local.secrets_kms_key_arn,
        ]
        Condition = {
          StringEquals = {
            "kms:ViaService" = [
              "secretsmanager.${data.aws_region.exporter_function_region.region}.${data.aws_partition.exporter_function_partition.dns_suffix}",
            ]
          }
        }
    }])
  })
  role = aws_iam_role.exporter_role.name
}

data "aws_partition" "importer_role_partition" {}

data "aws_caller_identity" "importer_role_account" {}

resource "aws_iam_role" "importer_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "ecs-tasks.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
        ]
        Condition = {
          StringEquals = {
            "aws:SourceAccount" = [
              data.aws_caller_identity.importer_role_account.account_id,
            ]
          }
          ArnLike = {
            "aws:SourceArn" = [
              "arn:${data.aws_partition.importer_role_partition.partition}:ecs:*:${data.aws_caller_identity.importer_role_account.account_id}:*",
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

resource "aws_cloudwatch_log_group" "exporter_function_log" {
  name_prefix       = "/kong-resilience/${var.name}-exporter-"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

data "aws_region" "exporter_function_region" {}

data "aws_partition" "exporter_function_partition" {}

resource "aws_lambda_function" "exporter_function" {
  description      = "Stores the configuration of Kong Gateway for outages of its control plane"
  filename         = var.agent_archive
  function_name    = "${var.name}-exporter"
  handler          = "index.exportOnce"
  memory_size      = 1024
  role             = aws_iam_role.exporter_role.arn
  runtime          = "nodejs22.x"
  source_code_hash = filebase64sha256(var.agent_archive)
  tags             = var.tags
  timeout          = 180
  environment {
    variables = merge({
      KONG_CLUSTER_CERT                    = "{vault://aws/${replace(local.cluster_certificate_secret_arn, "+", "%252B")}/cert}"
      KONG_CLUSTER_CERT_KEY                = "{vault://aws/${replace(local.cluster_certificate_secret_arn, "+", "%252B")}/key}"
      KONG_CLUSTER_CONTROL_PLANE           = var.control_plane
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT  = "on"
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE = "s3://${aws_s3_bucket.store.bucket}/${var.prefix}"
      KONG_CLUSTER_MTLS                    = var.cluster_mtls
      KONG_DATABASE                        = "off"
      KONG_LUA_SSL_TRUSTED_CERTIFICATE     = "system"
      KONG_RESILIENCE_GATEWAY_VERSION      = join(",", var.gateway_versions)
      KONG_RESILIENCE_STATUS_LISTEN        = "0.0.0.0:8101"
      KONG_ROLE                            = "data_plane"
    }, { for _ in local.cluster_ca_json_key[*] : "KONG_CLUSTER_CA_CERT" => "{vault://aws/${replace(local.cluster_certificate_secret_arn, "+", "%252B")}/${urlencode(urlencode(local.cluster_ca_json_key))}}" }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, var.environment)
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.exporter_function_log.name
  }
  depends_on = [
    aws_iam_role_policy.exporter_role_run_exporter_function,
  ]
}

resource "aws_cloudwatch_event_rule" "exporter_function_schedule" {
  description         = "Runs ${aws_lambda_function.exporter_function.function_name}"
  name_prefix         = "kong-"
  schedule_expression = "rate(5 minutes)"
  tags                = var.tags
}

resource "aws_lambda_permission" "exporter_function_schedule_permission" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.exporter_function.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.exporter_function_schedule.arn
}

resource "aws_lambda_function_event_invoke_config" "exporter_function_invoke_config" {
  function_name                = aws_lambda_function.exporter_function.function_name
  maximum_event_age_in_seconds = 300
  maximum_retry_attempts       = 0
}

resource "aws_cloudwatch_event_target" "exporter_function_schedule_target" {
  arn  = aws_lambda_function.exporter_function.arn
  rule = aws_cloudwatch_event_rule.exporter_function_schedule.name
  retry_policy {
    maximum_event_age_in_seconds = 300
    maximum_retry_attempts       = 3
  }
  depends_on = [
    aws_lambda_permission.exporter_function_schedule_permission,
  ]
}

resource "aws_cloudwatch_log_metric_filter" "exporter_function_confirmed" {
  log_group_name = aws_cloudwatch_log_group.exporter_function_log.name
  name           = "${var.name}-exporter-confirmed"
  pattern        = "{ ($.event = \"confirmed\") || ($.event = \"exported\") }"
  metric_transformation {
    name      = "${var.name}-exporter/confirmed"
    namespace = "KongResilience"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "exporter_function_not_confirmed" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "No exporter has confirmed for 900 seconds that the stored configuration is current: new data planes would start with an old one in an outage, or with none. The exporter's log tells why, and the fix; \"kong-resilience status\" tells what is stored."
  alarm_name          = "${var.name}-exporter-not-confirmed"
  comparison_operator = "LessThanThreshold"
  datapoints_to_alarm = 3
  evaluation_periods  = 3
  metric_name         = "${var.name}-exporter/confirmed"
  namespace           = "KongResilience"
  ok_actions          = var.alarm_actions
  period              = 300
  statistic           = "Sum"
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_metric_alarm" "exporter_function_run_failed" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "The last run of ${var.name}-exporter failed: the store may lack the newest configuration. Its log has the code and the fix."
  alarm_name          = "${var.name}-exporter-failed"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = 1
  dimensions = {
    FunctionName = aws_lambda_function.exporter_function.function_name
  }
  evaluation_periods = 1
  metric_name        = "Errors"
  namespace          = "AWS/Lambda"
  ok_actions         = var.alarm_actions
  period             = 300
  statistic          = "Sum"
  tags               = var.tags
  threshold          = 1
  treat_missing_data = "ignore"
}

resource "aws_cloudwatch_metric_alarm" "exporter_function_not_running" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "${var.name}-exporter has not run in three times 5 minutes: nothing is exported. Look at its schedule, and at the concurrency of the account."
  alarm_name          = "${var.name}-exporter-not-running"
  comparison_operator = "LessThanThreshold"
  datapoints_to_alarm = 3
  dimensions = {
    FunctionName = aws_lambda_function.exporter_function.function_name
  }
  evaluation_periods = 3
  metric_name        = "Invocations"
  namespace          = "AWS/Lambda"
  ok_actions         = var.alarm_actions
  period             = 300
  statistic          = "Sum"
  tags               = var.tags
  threshold          = 1
  treat_missing_data = "breaching"
}

resource "aws_iam_role" "check_role" {
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      {
        Effect = "Allow"
        Principal = {
          Service = "lambda.amazonaws.com"
        }
        Action = [
          "sts:AssumeRole",
        ]
      },
    ]
  })
  name_prefix          = "kong-"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "check_role_import_store" {
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
  role = aws_iam_role.check_role.name
}

resource "aws_iam_role_policy" "check_role_run_check" {
  name = "kong-Run-Check"
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = concat([
      {
        Sid    = "KongLog"
        Effect = "Allow"
        Action = [
          "logs:CreateLogStream",
          "logs:PutLogEvents",
        ]
        Resource = [
          "${aws_cloudwatch_log_group.check_log.arn}:*",
        ]
      },
      {
        Sid    = "KongSecrets"
        Effect = "Allow"
        Action = [
          "secretsmanager:GetSecretValue",
        ]
        Resource = [
          local.cluster_certificate_secret_arn,
        ]
      },
      ], [for _ in local.secrets_kms_key_arn[*] : {
        Sid    = "KongSecretsKey"
        Effect = "Allow"
        Action = [
          "kms:Decrypt",
        ]
        Resource = [
          local.secrets_kms_key_arn,
        ]
        Condition = {
          StringEquals = {
            "kms:ViaService" = [
              "secretsmanager.${data.aws_region.check_region.region}.${data.aws_partition.check_partition.dns_suffix}",
            ]
          }
        }
    }])
  })
  role = aws_iam_role.check_role.name
}

resource "aws_cloudwatch_log_group" "check_log" {
  name_prefix       = "/kong-resilience/${var.name}-check-"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

data "aws_region" "check_region" {}

data "aws_partition" "check_partition" {}

resource "aws_lambda_function" "check" {
  description      = "Checks that data planes of Kong Gateway could start from the store"
  filename         = var.agent_archive
  function_name    = "${var.name}-check"
  handler          = "index.check"
  memory_size      = 512
  role             = aws_iam_role.check_role.arn
  runtime          = "nodejs22.x"
  source_code_hash = filebase64sha256(var.agent_archive)
  tags             = var.tags
  timeout          = 120
  environment {
    variables = merge({
      KONG_CLUSTER_CERT                    = "{vault://aws/${replace(local.cluster_certificate_secret_arn, "+", "%252B")}/cert}"
      KONG_CLUSTER_CERT_KEY                = "{vault://aws/${replace(local.cluster_certificate_secret_arn, "+", "%252B")}/key}"
      KONG_CLUSTER_CONTROL_PLANE           = var.control_plane
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT  = "on"
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE = "s3://${aws_s3_bucket.store.bucket}/${var.prefix}"
      KONG_CLUSTER_MTLS                    = var.cluster_mtls
      KONG_DATABASE                        = "off"
      KONG_LUA_SSL_TRUSTED_CERTIFICATE     = "system"
      KONG_RESILIENCE_GATEWAY_VERSION      = local.gateway_version
      KONG_ROLE                            = "data_plane"
    }, { for _ in local.cluster_ca_json_key[*] : "KONG_CLUSTER_CA_CERT" => "{vault://aws/${replace(local.cluster_certificate_secret_arn, "+", "%252B")}/${urlencode(urlencode(local.cluster_ca_json_key))}}" }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, var.environment)
  }
  logging_config {
    log_format = "Text"
    log_group  = aws_cloudwatch_log_group.check_log.name
  }
  depends_on = [
    aws_iam_role_policy.check_role_run_check,
  ]
}

resource "aws_cloudwatch_event_rule" "check_schedule" {
  description         = "Runs ${aws_lambda_function.check.function_name}"
  name_prefix         = "kong-"
  schedule_expression = "rate(15 minutes)"
  tags                = var.tags
}

resource "aws_lambda_permission" "check_schedule_permission" {
  action        = "lambda:InvokeFunction"
  function_name = aws_lambda_function.check.function_name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.check_schedule.arn
}

resource "aws_lambda_function_event_invoke_config" "check_invoke_config" {
  function_name                = aws_lambda_function.check.function_name
  maximum_event_age_in_seconds = 900
  maximum_retry_attempts       = 0
}

resource "aws_cloudwatch_event_target" "check_schedule_target" {
  arn  = aws_lambda_function.check.arn
  rule = aws_cloudwatch_event_rule.check_schedule.name
  retry_policy {
    maximum_event_age_in_seconds = 900
    maximum_retry_attempts       = 3
  }
  depends_on = [
    aws_lambda_permission.check_schedule_permission,
  ]
}

resource "aws_cloudwatch_metric_alarm" "check_run_failed" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "What gateway ${local.gateway_version} would import is missing, damaged, stale or refused: new data planes would start with an old configuration in an outage, or with none. The log of ${var.name}-check has the code and the fix."
  alarm_name          = "${var.name}-check-failed"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = 1
  dimensions = {
    FunctionName = aws_lambda_function.check.function_name
  }
  evaluation_periods = 1
  metric_name        = "Errors"
  namespace          = "AWS/Lambda"
  ok_actions         = var.alarm_actions
  period             = 900
  statistic          = "Sum"
  tags               = var.tags
  threshold          = 1
  treat_missing_data = "ignore"
}

resource "aws_cloudwatch_metric_alarm" "check_not_running" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "${var.name}-check has not run in three times 15 minutes: nobody looks after the store. Look at its schedule, and at the concurrency of the account."
  alarm_name          = "${var.name}-check-not-running"
  comparison_operator = "LessThanThreshold"
  datapoints_to_alarm = 3
  dimensions = {
    FunctionName = aws_lambda_function.check.function_name
  }
  evaluation_periods = 3
  metric_name        = "Invocations"
  namespace          = "AWS/Lambda"
  ok_actions         = var.alarm_actions
  period             = 900
  statistic          = "Sum"
  tags               = var.tags
  threshold          = 1
  treat_missing_data = "breaching"
}
