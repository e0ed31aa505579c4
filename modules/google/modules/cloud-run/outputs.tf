# Generated from constructs/ by `npm run modules`. Do not edit.

output "storage_url" {
  description = "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE of the nodes."
  value       = "gcs://${var.bucket_name}/${var.prefix}"
  precondition {
    condition     = contains(var.gateway_versions, local.gateway_version)
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
  precondition {
    condition     = local.cluster_ca_secret != ""
    error_message = "cluster_ca_secret must be the id of a secret of Secret Manager, or projects/<project>/secrets/<id>; its text has no place in a variable, which is shown."
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

output "gateway_containers" {
  description = "Containers for the template of a gateway's service: the gateway, and what imports before it and stays. The service runs as importer_service_account_email. Whoever uses them waits until that account may read the secrets."
  value = [
    {
      startup_probe = {
        http_get = {
          path = "/status/ready"
          port = 8100
        }
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 240
      }
      ports = {
        container_port = 8000
      }
      name  = "kong"
      image = var.gateway_image
      depends_on = [
        "kong-resilience-import",
      ]
      env = concat([for variable in concat([
        {
          name = "KONG_CLUSTER_CERT"
          value_source = {
            secret_key_ref = {
              secret  = local.cluster_certificate_secret
              version = "latest"
            }
          }
        },
        {
          name = "KONG_CLUSTER_CERT_KEY"
          value_source = {
            secret_key_ref = {
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
        {
          name  = "BASH_ENV"
          value = "/var/lib/kong-resilience/handover/start.sh"
        },
        ], [for _ in local.cluster_ca_secret[*] : {
          name = "KONG_CLUSTER_CA_CERT"
          value_source = {
            secret_key_ref = {
              secret  = local.cluster_ca_secret
              version = "latest"
            }
          }
          }], [for _ in var.cluster_server_name[*] : {
          name  = "KONG_CLUSTER_SERVER_NAME"
          value = var.cluster_server_name
      }]) : variable if !contains(keys(local.gateway_environment), variable.name)], [for name, value in local.gateway_environment : { name = name, value = value }])
      resources = {
        cpu_idle = false
      }
      volume_mounts = [
        {
          name       = "kong-resilience-handover"
          mount_path = "/var/lib/kong-resilience/handover"
        },
      ]
    },
    {
      name  = "kong-resilience-import"
      image = var.image
      args = [
        "import",
        "--hold",
      ]
      env = concat([for variable in concat([
        {
          name = "KONG_CLUSTER_CERT"
          value_source = {
            secret_key_ref = {
              secret  = local.cluster_certificate_secret
              version = "latest"
            }
          }
        },
        {
          name = "KONG_CLUSTER_CERT_KEY"
          value_source = {
            secret_key_ref = {
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
          value = local.gateway_version
        },
        {
          name  = "KONG_ROLE"
          value = "data_plane"
        },
        {
          name  = "KONG_RESILIENCE_STATUS_LISTEN"
          value = "0.0.0.0:8101"
        },
        ], [for _ in local.cluster_ca_secret[*] : {
          name = "KONG_CLUSTER_CA_CERT"
          value_source = {
            secret_key_ref = {
              secret  = local.cluster_ca_secret
              version = "latest"
            }
          }
          }], [for _ in var.cluster_server_name[*] : {
          name  = "KONG_CLUSTER_SERVER_NAME"
          value = var.cluster_server_name
      }]) : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
      startup_probe = {
        http_get = {
          path = "/startup"
          port = 8101
        }
        period_seconds    = 1
        timeout_seconds   = 1
        failure_threshold = 90
      }
      resources = {
        limits = {
          cpu    = "1"
          memory = "1Gi"
        }
        cpu_idle = false
      }
      volume_mounts = [
        {
          name       = "kong-resilience-handover"
          mount_path = "/var/lib/kong-resilience/handover"
        },
      ]
    },
  ]
  depends_on = [
    google_secret_manager_secret_iam_member.importer_account_cluster_ca_secret,
    google_secret_manager_secret_iam_member.importer_account_cluster_certificate_secret,
    google_secret_manager_secret_iam_member.importer_account_cluster_key_secret,
  ]
}

output "gateway_volumes" {
  description = "Volumes of that template, for the hand-over between the two."
  value = [
    {
      name = "kong-resilience-handover"
      empty_dir = {
        medium     = "MEMORY"
        size_limit = "256Mi"
      }
    },
  ]
}
