# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_certificate_secret_arn = can(regex("^arn:[^:]+:secretsmanager:[^\\s]+$", var.cluster_certificate_secret_arn)) ? var.cluster_certificate_secret_arn : ""
  cluster_ca_json_key            = var.cluster_ca_json_key == null ? null : (can(regex("^[A-Za-z0-9_-]{1,64}$", var.cluster_ca_json_key)) ? var.cluster_ca_json_key : "")
  secrets_kms_key_arn            = var.secrets_kms_key_arn == null ? null : (can(regex("^arn:[^:]+:kms:[^:]+:[0-9]{12}:key/[^\\s]+$", var.secrets_kms_key_arn)) ? var.secrets_kms_key_arn : "")
  gateway_version                = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
  exporter_security_groups       = length(var.security_groups) == 0 ? aws_security_group.exporter_service_security_group[*].id : var.security_groups
  # KONG_RESILIENCE_… is the agent's alone.
  gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }
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

data "aws_partition" "exporter_role_partition" {}

data "aws_caller_identity" "exporter_role_account" {}

resource "aws_iam_role" "exporter_role" {
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
              data.aws_caller_identity.exporter_role_account.account_id,
            ]
          }
          ArnLike = {
            "aws:SourceArn" = [
              "arn:${data.aws_partition.exporter_role_partition.partition}:ecs:*:${data.aws_caller_identity.exporter_role_account.account_id}:*",
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

resource "aws_cloudwatch_log_group" "exporter_service_log" {
  name_prefix       = "/kong-resilience/${var.name}-exporter-"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role" "exporter_service_execution_role" {
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
      },
    ]
  })
  name_prefix          = "kong-execution-"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "exporter_service_execution_role_start_exporter_service" {
  name = "kong-Start-ExporterService"
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
          "${aws_cloudwatch_log_group.exporter_service_log.arn}:*",
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
      {
        Sid    = "KongImage"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ]
        Resource = [
          "arn:${data.aws_partition.exporter_service_partition.partition}:ecr:${(length(regexall("^([0-9]{12})[.]dkr[.-]ecr(-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+).*$", var.image)) >= 1) ? replace(var.image, "/^([0-9]{12})[.]dkr[.-]ecr(-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+).*$/", "$3:$1:repository/$4") : "*:000000000000:repository/none"}",
        ]
      },
      {
        Sid    = "KongRegistry"
        Effect = "Allow"
        Action = [
          "ecr:GetAuthorizationToken",
        ]
        Resource = [
          "*",
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
              "secretsmanager.${data.aws_region.exporter_service_region.region}.${data.aws_partition.exporter_service_partition.dns_suffix}",
            ]
          }
        }
    }])
  })
  role = aws_iam_role.exporter_service_execution_role.name
}

data "aws_region" "exporter_service_region" {}

data "aws_partition" "exporter_service_partition" {}

resource "aws_ecs_task_definition" "exporter_service_task_definition" {
  container_definitions = jsonencode([
    {
      name  = "kong-resilience"
      image = var.image
      command = [
        "run",
      ]
      essential              = true
      user                   = "1000:1000"
      readonlyRootFilesystem = true
      environment = concat([for variable in concat([
        {
          name  = "AWS_DEFAULT_REGION"
          value = aws_s3_bucket.store.bucket_region
        },
        {
          name  = "AWS_REGION"
          value = aws_s3_bucket.store.bucket_region
        },
        {
          name  = "KONG_CLUSTER_CONTROL_PLANE"
          value = var.control_plane
        },
        {
          name  = "KONG_CLUSTER_FALLBACK_CONFIG_EXPORT"
          value = "on"
        },
        {
          name  = "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE"
          value = "s3://${aws_s3_bucket.store.bucket}/${var.prefix}"
        },
        {
          name  = "KONG_CLUSTER_MTLS"
          value = var.cluster_mtls
        },
        {
          name  = "KONG_DATABASE"
          value = "off"
        },
        {
          name  = "KONG_LUA_SSL_TRUSTED_CERTIFICATE"
          value = "system"
        },
        {
          name  = "KONG_RESILIENCE_GATEWAY_VERSION"
          value = join(",", var.gateway_versions)
        },
        {
          name  = "KONG_RESILIENCE_STATUS_LISTEN"
          value = "0.0.0.0:8101"
        },
        {
          name  = "KONG_ROLE"
          value = "data_plane"
        },
        ], [for _ in var.cluster_server_name[*] : {
          name  = "KONG_CLUSTER_SERVER_NAME"
          value = var.cluster_server_name
      }]) : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
      secrets = concat([
        {
          name      = "KONG_CLUSTER_CERT"
          valueFrom = "${local.cluster_certificate_secret_arn}:cert::"
        },
        {
          name      = "KONG_CLUSTER_CERT_KEY"
          valueFrom = "${local.cluster_certificate_secret_arn}:key::"
        },
        ], [for _ in local.cluster_ca_json_key[*] : {
          name      = "KONG_CLUSTER_CA_CERT"
          valueFrom = "${local.cluster_certificate_secret_arn}:${local.cluster_ca_json_key}::"
      }])
      mountPoints = [
        {
          sourceVolume  = "spool"
          containerPath = "/var/lib/kong-resilience/spool"
        },
      ]
      healthCheck = {
        command = [
          "CMD",
          "kong-resilience",
          "health",
        ]
        interval    = 30
        timeout     = 5
        retries     = 3
        startPeriod = 10
      }
      restartPolicy = {
        enabled              = true
        restartAttemptPeriod = 60
      }
      stopTimeout = 30
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.exporter_service_log.name
          awslogs-region        = data.aws_region.exporter_service_region.region
          awslogs-stream-prefix = "exporter"
        }
      }
    },
  ])
  cpu                = "256"
  execution_role_arn = aws_iam_role.exporter_service_execution_role.arn
  family             = "${var.name}-exporter"
  memory             = "1024"
  network_mode       = "awsvpc"
  requires_compatibilities = [
    "FARGATE",
  ]
  tags          = var.tags
  task_role_arn = aws_iam_role.exporter_role.arn
  runtime_platform {
    cpu_architecture        = var.cpu_architecture
    operating_system_family = "LINUX"
  }
  volume {
    name = "spool"
  }
}

data "aws_subnet" "exporter_service_subnet" {
  count = length(var.security_groups) == 0 ? 1 : 0
  id    = element(var.subnets, 0)
}

resource "aws_security_group" "exporter_service_security_group" {
  count       = length(var.security_groups) == 0 ? 1 : 0
  description = "Agent of Kong Gateway: nothing comes in"
  name_prefix = "${var.name}-exporter-"
  tags        = var.tags
  vpc_id      = data.aws_subnet.exporter_service_subnet[0].vpc_id
}

resource "aws_vpc_security_group_egress_rule" "exporter_service_egress_https" {
  count             = length(var.security_groups) == 0 ? 1 : 0
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 443
  ip_protocol       = "tcp"
  security_group_id = aws_security_group.exporter_service_security_group[0].id
  tags              = var.tags
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "exporter_service_egress_dns_udp" {
  count             = length(var.security_groups) == 0 ? 1 : 0
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 53
  ip_protocol       = "udp"
  security_group_id = aws_security_group.exporter_service_security_group[0].id
  tags              = var.tags
  to_port           = 53
}

resource "aws_vpc_security_group_egress_rule" "exporter_service_egress_dns_tcp" {
  count             = length(var.security_groups) == 0 ? 1 : 0
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = 53
  ip_protocol       = "tcp"
  security_group_id = aws_security_group.exporter_service_security_group[0].id
  tags              = var.tags
  to_port           = 53
}

resource "aws_vpc_security_group_egress_rule" "exporter_service_egress_further" {
  count             = length(var.security_groups) == 0 && !contains([443, 53], tonumber(element(reverse(split(":", var.control_plane)), 0))) ? 1 : 0
  cidr_ipv4         = "0.0.0.0/0"
  from_port         = tonumber(element(reverse(split(":", var.control_plane)), 0))
  ip_protocol       = "tcp"
  security_group_id = aws_security_group.exporter_service_security_group[0].id
  tags              = var.tags
  to_port           = tonumber(element(reverse(split(":", var.control_plane)), 0))
}

resource "aws_ecs_service" "exporter_service" {
  cluster                            = var.cluster
  deployment_maximum_percent         = 200
  deployment_minimum_healthy_percent = 100
  desired_count                      = var.desired_count
  enable_execute_command             = false
  launch_type                        = "FARGATE"
  name                               = "${var.name}-exporter"
  propagate_tags                     = "SERVICE"
  tags                               = var.tags
  task_definition                    = aws_ecs_task_definition.exporter_service_task_definition.arn
  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }
  network_configuration {
    assign_public_ip = var.assign_public_ip
    security_groups  = local.exporter_security_groups
    subnets          = var.subnets
  }
  depends_on = [
    aws_iam_role_policy.exporter_service_execution_role_start_exporter_service,
    aws_iam_role_policy.exporter_role_export_store,
  ]
}

resource "aws_cloudwatch_log_metric_filter" "exporter_service_confirmed" {
  log_group_name = aws_cloudwatch_log_group.exporter_service_log.name
  name           = "${var.name}-exporter-confirmed"
  pattern        = "{ ($.event = \"confirmed\") || ($.event = \"exported\") }"
  metric_transformation {
    name      = "${var.name}-exporter/confirmed"
    namespace = "KongResilience"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "exporter_service_not_confirmed" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "No exporter has confirmed for 2700 seconds that the stored configuration is current: new data planes would start with an old one in an outage, or with none. The exporter's log tells why, and the fix; \"kong-resilience status\" tells what is stored."
  alarm_name          = "${var.name}-exporter-not-confirmed"
  comparison_operator = "LessThanThreshold"
  datapoints_to_alarm = 9
  evaluation_periods  = 9
  metric_name         = "${var.name}-exporter/confirmed"
  namespace           = "KongResilience"
  ok_actions          = var.alarm_actions
  period              = 300
  statistic           = "Sum"
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "breaching"
}

resource "aws_cloudwatch_log_metric_filter" "exporter_service_failed" {
  log_group_name = aws_cloudwatch_log_group.exporter_service_log.name
  name           = "${var.name}-exporter-export-failed"
  pattern        = "{ $.event = \"export_failed\" }"
  metric_transformation {
    name      = "${var.name}-exporter/export-failed"
    namespace = "KongResilience"
    value     = "1"
  }
}

resource "aws_cloudwatch_metric_alarm" "exporter_service_export_failed" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "An export failed. It is tried again, and nothing is lost, but until then the store lacks the newest configuration. The exporter's log has the code and the fix."
  alarm_name          = "${var.name}-exporter-export-failed"
  comparison_operator = "GreaterThanOrEqualToThreshold"
  datapoints_to_alarm = 1
  evaluation_periods  = 1
  metric_name         = "${var.name}-exporter/export-failed"
  namespace           = "KongResilience"
  ok_actions          = var.alarm_actions
  period              = 900
  statistic           = "Sum"
  tags                = var.tags
  threshold           = 1
  treat_missing_data  = "notBreaching"
}

resource "aws_cloudwatch_metric_alarm" "exporter_service_not_running" {
  alarm_actions       = var.alarm_actions
  alarm_description   = "No task of the exporter ${var.name}-exporter has run for 10 minutes: nothing is exported. The events of the service and the log tell why."
  alarm_name          = "${var.name}-exporter-not-running"
  comparison_operator = "LessThanThreshold"
  datapoints_to_alarm = 10
  dimensions = {
    ClusterName = element(reverse(split("/", var.cluster)), 0)
    ServiceName = aws_ecs_service.exporter_service.name
  }
  evaluation_periods = 10
  metric_name        = "CPUUtilization"
  namespace          = "AWS/ECS"
  ok_actions         = var.alarm_actions
  period             = 60
  statistic          = "SampleCount"
  tags               = var.tags
  threshold          = 1
  treat_missing_data = "breaching"
}

resource "aws_cloudwatch_log_group" "handover_log" {
  name_prefix       = "/kong-resilience/${var.name}-gateway-"
  retention_in_days = var.log_retention_days
  tags              = var.tags
}

resource "aws_iam_role" "handover_execution_role" {
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
      },
    ]
  })
  name_prefix          = "kong-execution-"
  path                 = var.role_path
  permissions_boundary = var.permissions_boundary
  tags                 = var.tags
}

resource "aws_iam_role_policy" "handover_execution_role_start_handover" {
  name = "kong-Start-Handover"
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
          "${aws_cloudwatch_log_group.handover_log.arn}:*",
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
      {
        Sid    = "KongImage"
        Effect = "Allow"
        Action = [
          "ecr:BatchCheckLayerAvailability",
          "ecr:BatchGetImage",
          "ecr:GetDownloadUrlForLayer",
        ]
        Resource = [
          "arn:${data.aws_partition.handover_partition.partition}:ecr:${(length(regexall("^([0-9]{12})[.]dkr[.-]ecr(-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+).*$", var.image)) >= 1) ? replace(var.image, "/^([0-9]{12})[.]dkr[.-]ecr(-fips)?[.]([a-z0-9-]+)[.][^/]+/([^:@]+).*$/", "$3:$1:repository/$4") : "*:000000000000:repository/none"}",
        ]
      },
      {
        Sid    = "KongRegistry"
        Effect = "Allow"
        Action = [
          "ecr:GetAuthorizationToken",
        ]
        Resource = [
          "*",
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
              "secretsmanager.${data.aws_region.handover_region.region}.${data.aws_partition.handover_partition.dns_suffix}",
            ]
          }
        }
    }])
  })
  role = aws_iam_role.handover_execution_role.name
}

data "aws_region" "handover_region" {}

data "aws_partition" "handover_partition" {}
