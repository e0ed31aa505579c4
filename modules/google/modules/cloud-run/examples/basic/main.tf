terraform {
  required_providers {
    google = {
      source = "hashicorp/google"
    }
  }
}

provider "google" {
  project = "example-project"
  region  = "europe-west1"
}

module "kong_resilience" {
  source = "../.."

  bucket_name                = "example-kong-fallback"
  location                   = "EU"
  control_plane              = "cp.example.com:8005"
  gateway_versions           = ["3.9.1"]
  region                     = "europe-west1"
  image                      = "europe-docker.pkg.dev/example-project/kong/kong-resilience:0.1.0"
  cluster_certificate_secret = "kong-cluster-cert"
  cluster_key_secret         = "kong-cluster-key"
  gateway_image              = "europe-docker.pkg.dev/example-project/kong/kong:3.9.1"
}

resource "google_cloud_run_v2_service" "gateway" {
  name     = "kong-gateway"
  location = "europe-west1"
  ingress  = "INGRESS_TRAFFIC_INTERNAL_ONLY"

  template {
    service_account = module.kong_resilience.importer_service_account_email

    # The gateway, and what imports before it. What is yours, such as limits, is merged into the first.
    dynamic "containers" {
      for_each = module.kong_resilience.gateway_containers
      content {
        name       = containers.value.name
        image      = containers.value.image
        args       = try(containers.value.args, null)
        depends_on = try(containers.value.depends_on, null)

        dynamic "env" {
          for_each = containers.value.env
          content {
            name  = env.value.name
            value = try(env.value.value, null)
            dynamic "value_source" {
              for_each = try([env.value.value_source], [])
              content {
                secret_key_ref {
                  secret  = value_source.value.secret_key_ref.secret
                  version = value_source.value.secret_key_ref.version
                }
              }
            }
          }
        }
        dynamic "ports" {
          for_each = try([containers.value.ports], [])
          content {
            container_port = ports.value.container_port
          }
        }
        resources {
          limits   = try(containers.value.resources.limits, null)
          cpu_idle = containers.value.resources.cpu_idle
        }
        startup_probe {
          period_seconds    = containers.value.startup_probe.period_seconds
          timeout_seconds   = containers.value.startup_probe.timeout_seconds
          failure_threshold = containers.value.startup_probe.failure_threshold
          http_get {
            path = containers.value.startup_probe.http_get.path
            port = containers.value.startup_probe.http_get.port
          }
        }
        dynamic "volume_mounts" {
          for_each = containers.value.volume_mounts
          content {
            name       = volume_mounts.value.name
            mount_path = volume_mounts.value.mount_path
          }
        }
      }
    }

    dynamic "volumes" {
      for_each = module.kong_resilience.gateway_volumes
      content {
        name = volumes.value.name
        empty_dir {
          medium     = volumes.value.empty_dir.medium
          size_limit = volumes.value.empty_dir.size_limit
        }
      }
    }
  }
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
