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

output "exporter_function_name" {
  description = "Name of the function that exports."
  value       = aws_lambda_function.exporter_function.function_name
}

output "exporter_log_group_name" {
  description = "Name of the group of its log."
  value       = aws_cloudwatch_log_group.exporter_function_log.name
}

output "check_function_name" {
  description = "Name of the function that checks."
  value       = aws_lambda_function.check.function_name
}

output "check_log_group_name" {
  description = "Name of the group of its log."
  value       = aws_cloudwatch_log_group.check_log.name
}

output "importer_environment" {
  description = "Environment of what imports for a gateway, as the `environment` of a container of ECS."
  value = concat([for variable in concat([
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
    ], [for _ in var.cluster_server_name[*] : {
      name  = "KONG_CLUSTER_SERVER_NAME"
      value = var.cluster_server_name
  }]) : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
}

output "importer_secrets" {
  description = "Its `secrets`."
  value = concat([
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
}
