# Generated from constructs/ by `npm run modules`. Do not edit.

locals {
  cluster_cert     = startswith(var.cluster_cert, "/") ? var.cluster_cert : ""
  cluster_cert_key = startswith(var.cluster_cert_key, "/") ? var.cluster_cert_key : ""
  cluster_ca_cert  = var.cluster_ca_cert == null ? null : (startswith(var.cluster_ca_cert, "/") ? var.cluster_ca_cert : "")
  gateway_version  = coalesce(var.gateway_version, var.gateway_versions[length(var.gateway_versions) - 1])
  # KONG_RESILIENCE_… is the agent's alone.
  gateway_environment = { for name, value in var.environment : name => value if !startswith(name, "KONG_RESILIENCE_") }
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
  bucket = var.bucket_name
  member = "serviceAccount:${var.exporter_service_account_email}"
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
  bucket = var.bucket_name
  member = "serviceAccount:${var.exporter_service_account_email}"
  role   = google_project_iam_custom_role.store_writer_role.name
  condition {
    expression = "resource.name.startsWith('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/') && resource.name.extract('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/{version}/') != '' && (resource.name.endsWith('/config.json') || resource.name.endsWith('/kong-resilience.json') || resource.name.extract('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/{version}/election/') != '')"
    title      = "Store configurations of Kong"
  }
}

resource "google_storage_bucket_iam_member" "store_read_importer_account" {
  bucket = var.bucket_name
  member = "serviceAccount:${var.importer_service_account_email}"
  role   = google_project_iam_custom_role.store_reader_role.name
  condition {
    expression = "resource.name.startsWith('projects/_/buckets/${var.bucket_name}/objects/${var.prefix}/') || api.getAttribute('storage.googleapis.com/objectListPrefix', '').startsWith('${var.prefix}/')"
    title      = "Read and list configurations of Kong"
  }
}
