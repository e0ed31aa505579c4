# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_certificate_secret = can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", var.cluster_certificate_secret)) ? var.cluster_certificate_secret : ""
  cluster_key_secret         = can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", var.cluster_key_secret)) ? var.cluster_key_secret : ""
  cluster_ca_secret          = var.cluster_ca_secret == null ? null : (can(regex("^(projects/[^/]+/secrets/)?[A-Za-z0-9_-]{1,255}$", var.cluster_ca_secret)) ? var.cluster_ca_secret : "")
  gateway_version            = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
  # KONG_RESILIENCE_… is the agent's alone.
  gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }
}

resource "google_service_account" "exporter_account" {
  account_id   = var.exporter_account_id
  display_name = "Kong: exports configurations"
  project      = var.project
}

resource "google_secret_manager_secret_iam_member" "exporter_account_cluster_ca_secret" {
  count     = local.cluster_ca_secret == null ? 0 : 1
  member    = google_service_account.exporter_account.member
  project   = var.project
  role      = "roles/secretmanager.secretAccessor"
  secret_id = local.cluster_ca_secret
}

resource "google_secret_manager_secret_iam_member" "exporter_account_cluster_certificate_secret" {
  member    = google_service_account.exporter_account.member
  project   = var.project
  role      = "roles/secretmanager.secretAccessor"
  secret_id = local.cluster_certificate_secret
}

resource "google_secret_manager_secret_iam_member" "exporter_account_cluster_key_secret" {
  member    = google_service_account.exporter_account.member
  project   = var.project
  role      = "roles/secretmanager.secretAccessor"
  secret_id = local.cluster_key_secret
}

resource "google_service_account" "importer_account" {
  account_id   = var.importer_account_id
  display_name = "Kong: imports configurations"
  project      = var.project
}

resource "google_secret_manager_secret_iam_member" "importer_account_cluster_ca_secret" {
  count     = local.cluster_ca_secret == null ? 0 : 1
  member    = google_service_account.importer_account.member
  project   = var.project
  role      = "roles/secretmanager.secretAccessor"
  secret_id = local.cluster_ca_secret
}

resource "google_secret_manager_secret_iam_member" "importer_account_cluster_certificate_secret" {
  member    = google_service_account.importer_account.member
  project   = var.project
  role      = "roles/secretmanager.secretAccessor"
  secret_id = local.cluster_certificate_secret
}

resource "google_secret_manager_secret_iam_member" "importer_account_cluster_key_secret" {
  member    = google_service_account.importer_account.member
  project   = var.project
  role      = "roles/secretmanager.secretAccessor"
  secret_id = local.cluster_key_secret
}

resource "google_storage_bucket" "store" {
  force_destroy               = var.force_destroy
  labels                      = var.labels
  location                    = var.location
  name                        = var.bucket_name
  project                     = var.project
  public_access_prevention    = "enforced"
  storage_class               = "STANDARD"
  uniform_bucket_level_access = true
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = var.noncurrent_configuration_days
      matches_prefix = [
        "${var.prefix}/",
      ]
      matches_suffix = [
        "/config.json",
      ]
      num_newer_versions = (var.noncurrent_configuration_versions + 1)
      with_state         = "ARCHIVED"
    }
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 1
      matches_prefix = [
        "${var.prefix}/",
      ]
      matches_suffix = [
        "/kong-resilience.json",
      ]
      with_state = "ARCHIVED"
    }
  }
  dynamic "lifecycle_rule" {
    for_each = toset(var.gateway_versions)
    content {
      action {
        type = "Delete"
      }
      condition {
        age = 7
        matches_prefix = [
          "${var.prefix}/${lifecycle_rule.value}/election/",
        ]
        with_state = "LIVE"
      }
    }
  }
  dynamic "lifecycle_rule" {
    for_each = toset(var.gateway_versions)
    content {
      action {
        type = "Delete"
      }
      condition {
        days_since_noncurrent_time = 1
        matches_prefix = [
          "${var.prefix}/${lifecycle_rule.value}/election/",
        ]
        with_state = "ARCHIVED"
      }
    }
  }
  soft_delete_policy {
    retention_duration_seconds = (var.soft_delete_retention_days * 86400)
  }
  versioning {
    enabled = true
  }
}

resource "google_project_iam_custom_role" "store_reader_role" {
  description = "Bound to ${var.bucket_name}, with a condition."
  permissions = [
    "storage.objects.get",
    "storage.objects.list",
  ]
  project = var.project
  role_id = "kongResilience_reader_${substr(md5(var.bucket_name), 0, 12)}"
  title   = "Kong resilience: read configurations"
}

resource "google_storage_bucket_iam_member" "store_read_exporter_account" {
  bucket = google_storage_bucket.store.name
  member = google_service_account.exporter_account.member
  role   = google_project_iam_custom_role.store_reader_role.name
  condition {
    expression = "resource.name.startsWith('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('${var.prefix}/')"
    title      = "Read and list configurations of Kong"
  }
}

resource "google_project_iam_custom_role" "store_writer_role" {
  description = "Bound to ${var.bucket_name}, with a condition."
  permissions = [
    "storage.objects.create",
    "storage.objects.delete",
  ]
  project = var.project
  role_id = "kongResilience_writer_${substr(md5(var.bucket_name), 0, 12)}"
  title   = "Kong resilience: store configurations"
}

resource "google_storage_bucket_iam_member" "store_write_exporter_account" {
  bucket = google_storage_bucket.store.name
  member = google_service_account.exporter_account.member
  role   = google_project_iam_custom_role.store_writer_role.name
  condition {
    expression = "resource.name.startsWith('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/') && resource.name.extract('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/{version}/') != '' && (resource.name.endsWith('/config.json') || resource.name.endsWith('/kong-resilience.json') || resource.name.extract('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/{version}/election/') != '')"
    title      = "Store configurations of Kong"
  }
}

resource "google_storage_bucket_iam_member" "store_read_importer_account" {
  bucket = google_storage_bucket.store.name
  member = google_service_account.importer_account.member
  role   = google_project_iam_custom_role.store_reader_role.name
  condition {
    expression = "resource.name.startsWith('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('${var.prefix}/')"
    title      = "Read and list configurations of Kong"
  }
}

resource "google_cloud_run_v2_worker_pool" "exporter_pool" {
  deletion_protection = false
  labels              = var.labels
  location            = var.region
  name                = "${var.name}-exporter"
  project             = var.project
  scaling {
    manual_instance_count = 1
    scaling_mode          = "MANUAL"
  }
  template {
    service_account = google_service_account.exporter_account.email
    containers {
      args = [
        "run",
      ]
      image = var.image
      name  = "kong-resilience"
      dynamic "env" {
        for_each = local.cluster_ca_secret[*]
        content {
          name = "KONG_CLUSTER_CA_CERT"
          value_source {
            secret_key_ref {
              secret  = local.cluster_ca_secret
              version = "latest"
            }
          }
        }
      }
      env {
        name = "KONG_CLUSTER_CERT"
        value_source {
          secret_key_ref {
            secret  = local.cluster_certificate_secret
            version = "latest"
          }
        }
      }
      env {
        name = "KONG_CLUSTER_CERT_KEY"
        value_source {
          secret_key_ref {
            secret  = local.cluster_key_secret
            version = "latest"
          }
        }
      }
      dynamic "env" {
        for_each = merge({
          KONG_CLUSTER_CONTROL_PLANE           = var.control_plane
          KONG_CLUSTER_FALLBACK_CONFIG_EXPORT  = "on"
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE = "gcs://${var.bucket_name}/${var.prefix}"
          KONG_CLUSTER_MTLS                    = var.cluster_mtls
          KONG_DATABASE                        = "off"
          KONG_LUA_SSL_TRUSTED_CERTIFICATE     = "system"
          KONG_RESILIENCE_GATEWAY_VERSION      = join(",", var.gateway_versions)
          KONG_RESILIENCE_STATUS_LISTEN        = "0.0.0.0:8101"
          KONG_ROLE                            = "data_plane"
        }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, var.environment)
        content {
          name  = env.key
          value = env.value
        }
      }
      resources {
        limits = {
          cpu    = "1"
          memory = "1Gi"
        }
      }
    }
    dynamic "vpc_access" {
      for_each = var.network[*]
      content {
        egress = "PRIVATE_RANGES_ONLY"
        network_interfaces {
          network    = var.network
          subnetwork = var.subnetwork
        }
      }
    }
  }
  depends_on = [
    google_secret_manager_secret_iam_member.exporter_account_cluster_ca_secret,
    google_secret_manager_secret_iam_member.exporter_account_cluster_certificate_secret,
    google_secret_manager_secret_iam_member.exporter_account_cluster_key_secret,
  ]
}

resource "google_logging_metric" "exporter_pool_alarms_confirmed" {
  filter  = "resource.type=\"cloud_run_worker_pool\" AND resource.labels.worker_pool_name=\"${google_cloud_run_v2_worker_pool.exporter_pool.name}\" AND resource.labels.location=\"${var.region}\" AND jsonPayload.event=(\"confirmed\" OR \"exported\")"
  name    = "${replace(var.name, "-", "_")}_exporter_confirmed"
  project = var.project
  metric_descriptor {
    metric_kind = "DELTA"
    unit        = "1"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "exporter_pool_alarms_failed" {
  filter  = "resource.type=\"cloud_run_worker_pool\" AND resource.labels.worker_pool_name=\"${google_cloud_run_v2_worker_pool.exporter_pool.name}\" AND resource.labels.location=\"${var.region}\" AND jsonPayload.event=\"export_failed\""
  name    = "${replace(var.name, "-", "_")}_exporter_failed"
  project = var.project
  metric_descriptor {
    metric_kind = "DELTA"
    unit        = "1"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "exporter_pool_alarms_alive" {
  filter  = "resource.type=\"cloud_run_worker_pool\" AND resource.labels.worker_pool_name=\"${google_cloud_run_v2_worker_pool.exporter_pool.name}\" AND resource.labels.location=\"${var.region}\""
  name    = "${replace(var.name, "-", "_")}_exporter_alive"
  project = var.project
  metric_descriptor {
    metric_kind = "DELTA"
    unit        = "1"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "exporter_pool_alarms_not_confirmed" {
  combiner              = "OR"
  display_name          = "Kong fallback configuration: no confirmed export (${var.name})"
  notification_channels = var.notification_channels
  project               = var.project
  severity              = "CRITICAL"
  conditions {
    display_name = "Kong fallback configuration: no confirmed export"
    condition_prometheus_query_language {
      duration            = "0s"
      evaluation_interval = "60s"
      query               = "absent_over_time(logging_googleapis_com:user_${google_logging_metric.exporter_pool_alarms_confirmed.name}[2700s])"
    }
  }
  documentation {
    content   = "For 2700 seconds no exporter has confirmed that what is stored is current: new data planes would start with an old configuration in an outage, or with none. The exporter's log tells why, and the fix; `kong-resilience status` tells what is stored."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "exporter_pool_alarms_export_failed" {
  combiner              = "OR"
  display_name          = "Kong fallback configuration: exports fail (${var.name})"
  notification_channels = var.notification_channels
  project               = var.project
  severity              = "CRITICAL"
  conditions {
    display_name = "Kong fallback configuration: exports fail"
    condition_prometheus_query_language {
      duration            = "0s"
      evaluation_interval = "60s"
      query               = "sum(increase(logging_googleapis_com:user_${google_logging_metric.exporter_pool_alarms_failed.name}[15m])) > 0"
    }
  }
  documentation {
    content   = "An export failed within the last 15 minutes. It is tried again and nothing is lost, but the store lacks the newest configuration until it succeeds. The exporter's log has the code and the fix."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "exporter_pool_alarms_not_running" {
  combiner              = "OR"
  display_name          = "Kong fallback configuration: the exporter is not running (${var.name})"
  notification_channels = var.notification_channels
  project               = var.project
  severity              = "CRITICAL"
  conditions {
    display_name = "Kong fallback configuration: the exporter is not running"
    condition_prometheus_query_language {
      duration            = "0s"
      evaluation_interval = "60s"
      query               = "absent_over_time(logging_googleapis_com:user_${google_logging_metric.exporter_pool_alarms_alive.name}[1200s])"
    }
  }
  documentation {
    content   = "The exporter has logged nothing for 1200 seconds, which a running one does not do. Look at its instances and at their last lines."
    mime_type = "text/markdown"
  }
}

resource "google_cloud_run_v2_job" "check" {
  deletion_protection = false
  labels              = var.labels
  location            = var.region
  name                = "${var.name}-check"
  project             = var.project
  template {
    template {
      max_retries     = 0
      service_account = google_service_account.importer_account.email
      timeout         = "300s"
      containers {
        args = [
          "check",
          "--json",
        ]
        image = var.image
        name  = "kong-resilience"
        dynamic "env" {
          for_each = local.cluster_ca_secret[*]
          content {
            name = "KONG_CLUSTER_CA_CERT"
            value_source {
              secret_key_ref {
                secret  = local.cluster_ca_secret
                version = "latest"
              }
            }
          }
        }
        env {
          name = "KONG_CLUSTER_CERT"
          value_source {
            secret_key_ref {
              secret  = local.cluster_certificate_secret
              version = "latest"
            }
          }
        }
        env {
          name = "KONG_CLUSTER_CERT_KEY"
          value_source {
            secret_key_ref {
              secret  = local.cluster_key_secret
              version = "latest"
            }
          }
        }
        dynamic "env" {
          for_each = merge({
            KONG_CLUSTER_CONTROL_PLANE           = var.control_plane
            KONG_CLUSTER_FALLBACK_CONFIG_IMPORT  = "on"
            KONG_CLUSTER_FALLBACK_CONFIG_STORAGE = "gcs://${var.bucket_name}/${var.prefix}"
            KONG_CLUSTER_MTLS                    = var.cluster_mtls
            KONG_DATABASE                        = "off"
            KONG_LUA_SSL_TRUSTED_CERTIFICATE     = "system"
            KONG_RESILIENCE_GATEWAY_VERSION      = local.gateway_version
            KONG_ROLE                            = "data_plane"
          }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, var.environment)
          content {
            name  = env.key
            value = env.value
          }
        }
        resources {
          limits = {
            cpu    = "1"
            memory = "512Mi"
          }
        }
      }
      dynamic "vpc_access" {
        for_each = var.network[*]
        content {
          egress = "PRIVATE_RANGES_ONLY"
          network_interfaces {
            network    = var.network
            subnetwork = var.subnetwork
          }
        }
      }
    }
  }
  depends_on = [
    google_secret_manager_secret_iam_member.importer_account_cluster_ca_secret,
    google_secret_manager_secret_iam_member.importer_account_cluster_certificate_secret,
    google_secret_manager_secret_iam_member.importer_account_cluster_key_secret,
  ]
}

resource "google_service_account" "check_caller" {
  account_id   = "${var.name}-check"
  display_name = "Runs ${var.name}-check"
  project      = var.project
}

resource "google_cloud_run_v2_job_iam_member" "check_may_run" {
  location = var.region
  member   = google_service_account.check_caller.member
  name     = google_cloud_run_v2_job.check.name
  project  = var.project
  role     = "roles/run.invoker"
}

resource "google_cloud_scheduler_job" "check_schedule" {
  attempt_deadline = "60s"
  name             = google_cloud_run_v2_job.check.name
  project          = var.project
  region           = var.region
  schedule         = "*/15 * * * *"
  time_zone        = "Etc/UTC"
  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/projects/${google_cloud_run_v2_job.check.project}/locations/${var.region}/jobs/${google_cloud_run_v2_job.check.name}:run"
    oauth_token {
      scope                 = "https://www.googleapis.com/auth/cloud-platform"
      service_account_email = google_service_account.check_caller.email
    }
  }
  depends_on = [
    google_cloud_run_v2_job_iam_member.check_may_run,
  ]
}

resource "google_logging_metric" "check_failed" {
  filter  = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"${google_cloud_run_v2_job.check.name}\" AND resource.labels.location=\"${var.region}\" AND jsonPayload.event=\"check_failed\""
  name    = "${replace(var.name, "-", "_")}_check_failed"
  project = var.project
  metric_descriptor {
    metric_kind = "DELTA"
    unit        = "1"
    value_type  = "INT64"
  }
}

resource "google_logging_metric" "check_passed" {
  filter  = "resource.type=\"cloud_run_job\" AND resource.labels.job_name=\"${google_cloud_run_v2_job.check.name}\" AND resource.labels.location=\"${var.region}\" AND jsonPayload.event=\"check_passed\""
  name    = "${replace(var.name, "-", "_")}_check_passed"
  project = var.project
  metric_descriptor {
    metric_kind = "DELTA"
    unit        = "1"
    value_type  = "INT64"
  }
}

resource "google_monitoring_alert_policy" "check_check_failed" {
  combiner              = "OR"
  display_name          = "Kong fallback configuration: the check failed (${var.name})"
  notification_channels = var.notification_channels
  project               = var.project
  severity              = "CRITICAL"
  conditions {
    display_name = "Kong fallback configuration: the check failed"
    condition_prometheus_query_language {
      duration            = "0s"
      evaluation_interval = "60s"
      query               = "sum(increase(logging_googleapis_com:user_${google_logging_metric.check_failed.name}[15m])) > 0"
    }
  }
  documentation {
    content   = "What an importer would read is missing, damaged, stale or refused. New data planes would start with an old configuration in an outage, or with none. The job's log has the code and the fix."
    mime_type = "text/markdown"
  }
}

resource "google_monitoring_alert_policy" "check_no_check_passed" {
  combiner              = "OR"
  display_name          = "Kong fallback configuration: no check passed (${var.name})"
  notification_channels = var.notification_channels
  project               = var.project
  severity              = "CRITICAL"
  conditions {
    display_name = "Kong fallback configuration: no check passed"
    condition_prometheus_query_language {
      duration            = "0s"
      evaluation_interval = "60s"
      query               = "absent_over_time(logging_googleapis_com:user_${google_logging_metric.check_passed.name}[2700s])"
    }
  }
  documentation {
    content   = "For 2700 seconds no check has passed; perhaps none has run. New data planes would start with an old configuration in an outage, or with none. The job's log has the code and the fix."
    mime_type = "text/markdown"
  }
}
