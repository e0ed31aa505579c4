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

resource "google_storage_bucket" "ours" {
  name                        = "our-bucket"
  location                    = "EU"
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"

  versioning {
    enabled = true
  }

  # Your own rules stay beside these.
  dynamic "lifecycle_rule" {
    for_each = module.kong_resilience.lifecycle_rules
    content {
      action {
        type = lifecycle_rule.value.action.type
      }
      condition {
        matches_prefix             = lifecycle_rule.value.condition.matches_prefix
        with_state                 = lifecycle_rule.value.condition.with_state
        age                        = try(lifecycle_rule.value.condition.age, null)
        days_since_noncurrent_time = try(lifecycle_rule.value.condition.days_since_noncurrent_time, null)
        num_newer_versions         = try(lifecycle_rule.value.condition.num_newer_versions, null)
      }
    }
  }
}

module "kong_resilience" {
  source = "../.."

  bucket_name                    = "our-bucket"
  exporter_service_account_email = "kong-exporter@example-project.iam.gserviceaccount.com"
  importer_service_account_email = "kong-gateway@example-project.iam.gserviceaccount.com"
  control_plane                  = "cp.example.com:8005"
  gateway_versions               = ["3.9.1"]
}

output "storage_url" {
  value = module.kong_resilience.storage_url
}
