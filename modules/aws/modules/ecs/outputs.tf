# Generated from constructs/ by `npm run modules`. Do not edit.

output "storage_url" {
  description = "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE of the nodes."
  value       = "s3://${aws_s3_bucket.store.bucket}/${var.prefix}"
  precondition {
    condition     = contains(var.gateway_versions, local.gateway_version)
    error_message = "gateway_version must be one of gateway_versions: new nodes of a version that nobody exports would find nothing in an outage. Add it to gateway_versions first, and apply."
  }
  precondition {
    condition     = local.cluster_certificate_secret_arn != ""
    error_message = "cluster_certificate_secret_arn must be the whole ARN of a secret of Secrets Manager."
  }
  precondition {
    condition     = local.cluster_ca_json_key != ""
    error_message = "cluster_ca_json_key must be the name of a member of the secret: 1 to 64 letters, digits, underscores and hyphens."
  }
  precondition {
    condition     = local.secrets_kms_key_arn != ""
    error_message = "secrets_kms_key_arn must be the ARN of a key of KMS, not that of an alias."
  }
}

output "bucket_name" {
  description = "Name of the bucket."
  value       = aws_s3_bucket.store.bucket
}

output "bucket_arn" {
  description = "ARN of the bucket."
  value       = aws_s3_bucket.store.arn
}

output "exporter_role_arn" {
  description = "Role of the exporter, which may write."
  value       = aws_iam_role.exporter_role.arn
}

output "importer_role_arn" {
  description = "Role of the gateways, which may only read."
  value       = aws_iam_role.importer_role.arn
}

output "exporter_service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.exporter_service.name
}

output "exporter_task_definition_arn" {
  description = "ARN of its task definition."
  value       = aws_ecs_task_definition.exporter_service_task_definition.arn
}

output "exporter_security_groups" {
  description = "Ids of its security groups, which the control plane must admit on its cluster port."
  value       = local.exporter_security_groups
}

output "exporter_log_group_name" {
  description = "Name of the group of its log."
  value       = aws_cloudwatch_log_group.exporter_service_log.name
}

output "gateway_container_definitions" {
  description = "Containers for the task definition of a gateway: what imports, and the gateway, which waits for it. Merge yours into the second; the task's role is importer_role_arn."
  value = [
    {
      name  = "kong-resilience-import"
      image = var.image
      command = [
        "import",
      ]
      essential              = false
      user                   = "1000:10001"
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
          name  = "KONG_CLUSTER_FALLBACK_CONFIG_IMPORT"
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
          value = local.gateway_version
        },
        {
          name  = "KONG_ROLE"
          value = "data_plane"
        },
        {
          name  = "KONG_RESILIENCE_HANDOVER_GROUP"
          value = "10001"
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
          sourceVolume  = "kong-resilience-handover"
          containerPath = "/var/lib/kong-resilience/handover"
        },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.handover_log.name
          awslogs-region        = data.aws_region.handover_region.region
          awslogs-stream-prefix = "import"
        }
      }
    },
    {
      name      = "kong"
      image     = var.gateway_image
      essential = true
      portMappings = [
        {
          containerPort = 8000
        },
        {
          containerPort = 8100
        },
      ]
      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.handover_log.name
          awslogs-region        = data.aws_region.handover_region.region
          awslogs-stream-prefix = "gateway"
        }
      }
      user = "kong:10001"
      environment = concat([for variable in concat([
        {
          name  = "KONG_CLUSTER_CONTROL_PLANE"
          value = var.control_plane
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
          name  = "KONG_ROLE"
          value = "data_plane"
        },
        {
          name  = "KONG_STATUS_LISTEN"
          value = "0.0.0.0:8100"
        },
        {
          name  = "BASH_ENV"
          value = "/var/lib/kong-resilience/handover/start.sh"
        },
        ], [for _ in var.cluster_server_name[*] : {
          name  = "KONG_CLUSTER_SERVER_NAME"
          value = var.cluster_server_name
      }]) : variable if !contains(keys(local.gateway_environment), variable.name)], [for name, value in local.gateway_environment : { name = name, value = value }])
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
          sourceVolume  = "kong-resilience-handover"
          containerPath = "/var/lib/kong-resilience/handover"
          readOnly      = true
        },
      ]
      dependsOn = [
        {
          containerName = "kong-resilience-import"
          condition     = "COMPLETE"
        },
      ]
      healthCheck = {
        command = [
          "CMD",
          "env",
          "-u",
          "BASH_ENV",
          "bash",
          "-c",
          "exec 3<>/dev/tcp/127.0.0.1/8100 && printf 'GET /status/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 5 _ status _ <&3 && [ \"$status\" = 200 ]",
        ]
        interval    = 10
        timeout     = 6
        retries     = 3
        startPeriod = 60
      }
      restartPolicy = {
        enabled              = true
        restartAttemptPeriod = 60
      }
    },
  ]
}

output "gateway_execution_role_arn" {
  description = "Execution role for that task definition: it may read the secrets and the log of these two containers, and no others. Whoever uses it waits until it, and the role of the task, may do what they need."
  value       = aws_iam_role.handover_execution_role.arn
  depends_on = [
    aws_iam_role_policy.handover_execution_role_start_handover,
    aws_iam_role_policy.importer_role_import_store,
  ]
}

output "gateway_volume" {
  description = "Volume of that task definition."
  value = {
    name = "kong-resilience-handover"
  }
}

output "gateway_log_group_name" {
  description = "Name of the group of its log."
  value       = aws_cloudwatch_log_group.handover_log.name
}
