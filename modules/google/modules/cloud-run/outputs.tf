# Generated from constructs/ by `npm run modules`. Do not edit.

output "storage_url" {
  description = "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE of the nodes."
  value       = "gcs://${var.bucket_name}/${var.prefix}"
  precondition {
    condition     = contains(var.gateway_versions, coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1]))
    error_message = "gateway_version must be one of gateway_versions: new nodes of a version that nobody exports would find nothing in an outage. Add it to gateway_versions first, and apply."
  }
  precondition {
    condition     = local.cluster_certificate_secret != ""
    error_message = "cluster_certificate_secret must be the id of a secret of Secret Manager, or projects/<project>/secrets/<id>; its text has no place in a variable, which is shown."
  }
  precondition {
    condition     = local.cluster_key_secret != ""
    error_message = "cluster_key_secret must be the id of a secret of Secret Manager, or projects/<project>/secrets/<id>; its text has no place in a variable, which is shown."
  }
}

output "bucket_name" {
  description = "Name of the bucket."
  value       = var.bucket_name
}

output "exporter_worker_pool" {
  description = "Name of the worker pool."
  value       = google_cloud_run_v2_worker_pool.exporter_pool.name
}

output "check_job" {
  description = "Name of the job."
  value       = google_cloud_run_v2_job.check.name
}

output "exporter_service_account_email" {
  description = "Account of the exporter, which may write."
  value       = google_service_account.exporter_account.email
}

output "importer_service_account_email" {
  description = "Account of the gateways, which may only read."
  value       = google_service_account.importer_account.email
}

output "importer_environment" {
  description = "Environment of what imports for a gateway: the `env` of a container of Cloud Run, secrets by reference."
  value = concat([for variable in [
    {
      name = "KONG_CLUSTER_CERT"
      valueSource = {
        secretKeyRef = {
          secret  = local.cluster_certificate_secret
          version = "latest"
        }
      }
    },
    {
      name = "KONG_CLUSTER_CERT_KEY"
      valueSource = {
        secretKeyRef = {
          secret  = local.cluster_key_secret
          version = "latest"
        }
      }
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
      value = "gcs://${var.bucket_name}/${var.prefix}"
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
      value = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
    },
    {
      name  = "KONG_ROLE"
      value = "data_plane"
    },
  ] : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
}

output "gateway_environment" {
  description = "Environment of a gateway of open source: the `env` of a container of Cloud Run, secrets by reference."
  value = concat([for variable in [
    {
      name = "KONG_CLUSTER_CERT"
      valueSource = {
        secretKeyRef = {
          secret  = local.cluster_certificate_secret
          version = "latest"
        }
      }
    },
    {
      name = "KONG_CLUSTER_CERT_KEY"
      valueSource = {
        secretKeyRef = {
          secret  = local.cluster_key_secret
          version = "latest"
        }
      }
    },
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
  ] : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
}
