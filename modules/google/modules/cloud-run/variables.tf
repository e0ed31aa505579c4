# Generated from constructs/ by `npm run modules`. Do not edit.

variable "exporter_account_id" {
  description = "Id of the service account of the exporter."
  type        = string
  default     = "kong-exporter"
  nullable    = false
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.exporter_account_id))
    error_message = "exporter_account_id must have 6 to 30 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "importer_account_id" {
  description = "Id of the service account of the gateways."
  type        = string
  default     = "kong-gateway"
  nullable    = false
  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{4,28}[a-z0-9]$", var.importer_account_id))
    error_message = "importer_account_id must have 6 to 30 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "bucket_name" {
  description = "Name of the bucket, unique in all of Google Cloud."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must have 3 to 63 lower-case letters, digits, dots, hyphens and underscores, without gs://."
  }
}

variable "location" {
  description = "Region (europe-west1), dual-region (EUR4) or multi-region (EU) of the bucket; it cannot be changed later."
  type        = string
  nullable    = false
}

variable "project" {
  description = "Project of everything here; the provider's by default."
  type        = string
  default     = null
}

variable "prefix" {
  description = "Folder in the bucket, without slashes at its ends."
  type        = string
  default     = "kong"
  nullable    = false
  validation {
    condition     = can(regex("^[^/\\s*?]+(/[^/\\s*?]+)*$", var.prefix))
    error_message = "prefix must not be empty, and have no slash at its ends, no white space, no \"*\" and no \"?\"."
  }
}

variable "soft_delete_retention_days" {
  description = "For how many days Google keeps what was deleted for good: 7 to 90, or 0 to turn soft delete off."
  type        = number
  default     = 7
  nullable    = false
  validation {
    condition     = var.soft_delete_retention_days == 0 || (var.soft_delete_retention_days >= 7 && var.soft_delete_retention_days <= 90)
    error_message = "soft_delete_retention_days must be 7 to 90, or 0."
  }
}

variable "noncurrent_configuration_versions" {
  description = "How many replaced configurations stay at least."
  type        = number
  default     = 10
  nullable    = false
  validation {
    condition     = var.noncurrent_configuration_versions >= 1
    error_message = "noncurrent_configuration_versions must be 1 or more."
  }
}

variable "noncurrent_configuration_days" {
  description = "For how many days they stay at least."
  type        = number
  default     = 30
  nullable    = false
  validation {
    condition     = var.noncurrent_configuration_days >= 1
    error_message = "noncurrent_configuration_days must be 1 or more."
  }
}

variable "labels" {
  description = "Labels of everything that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "force_destroy" {
  description = "Whether a destroy first deletes every stored configuration, without which Google refuses it."
  type        = bool
  default     = false
  nullable    = false
}

variable "cluster_certificate_secret" {
  description = "Secret of Secret Manager, by its id or as projects/<project>/secrets/<id>, with the PEM of the cluster certificate: KONG_CLUSTER_CERT."
  type        = string
  nullable    = false
}

variable "cluster_key_secret" {
  description = "Secret of Secret Manager, by its id or as projects/<project>/secrets/<id>, with the PEM of its private key: KONG_CLUSTER_CERT_KEY."
  type        = string
  nullable    = false
}

variable "cluster_ca_secret" {
  description = "Secret of Secret Manager, by its id or as projects/<project>/secrets/<id>, with the PEM of the authority that signed the control plane's certificate, in the modes pki, where no public one did: KONG_CLUSTER_CA_CERT."
  type        = string
  default     = null
}

variable "control_plane" {
  description = "host:port of the cluster listener of the control plane: KONG_CLUSTER_CONTROL_PLANE."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[^\\s/:]+:[0-9]+$", var.control_plane))
    error_message = "control_plane must be host:port, without a scheme: cp.example.com:8005."
  }
}

variable "cluster_mtls" {
  description = "shared, pki or pki_check_cn: KONG_CLUSTER_MTLS."
  type        = string
  default     = "shared"
  nullable    = false
  validation {
    condition     = contains(["shared", "pki", "pki_check_cn"], var.cluster_mtls)
    error_message = "cluster_mtls must be shared, pki or pki_check_cn."
  }
}

variable "cluster_server_name" {
  description = "Name that the control plane's certificate must have in the modes pki: KONG_CLUSTER_SERVER_NAME; by default the host of control_plane."
  type        = string
  default     = null
  validation {
    condition     = var.cluster_server_name == null || can(regex("^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$", var.cluster_server_name))
    error_message = "cluster_server_name must be the name of a host, without a port: cp.example.com."
  }
}

variable "gateway_versions" {
  description = "Every version that the data planes run, in full: [\"3.9.1\"], or [\"3.10.0.2\"] for Enterprise; both during an upgrade, in which the exporter has the new one first."
  type        = list(string)
  nullable    = false
  validation {
    condition     = length(var.gateway_versions) > 0
    error_message = "gateway_versions must name each version that your data planes run."
  }
  validation {
    condition     = length(distinct(var.gateway_versions)) == length(var.gateway_versions)
    error_message = "gateway_versions must name each version once."
  }
  validation {
    condition     = alltrue([for version in var.gateway_versions : can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+(\\.[0-9]+)?$", version))])
    error_message = "gateway_versions must be full versions of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since configurations are stored under them."
  }
}

variable "gateway_version" {
  description = "Version of the gateways that import, in full. It must be one that is exported; by default the last of gateway_versions."
  type        = string
  default     = null
  validation {
    condition     = var.gateway_version == null || can(regex("^[0-9]+\\.[0-9]+\\.[0-9]+(\\.[0-9]+)?$", var.gateway_version))
    error_message = "gateway_version must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2)."
  }
}

variable "environment" {
  description = "Further variables of the agent, such as KONG_RESILIENCE_STORE_TIMEOUT_SECONDS, and of the gateway, which gets none that start with KONG_RESILIENCE_. Kong's and the agent's are listed in docs/environment.md. No secrets: they stand in plan and state."
  type        = map(string)
  default     = {}
  nullable    = false
  validation {
    condition     = alltrue([for name, value in var.environment : can(regex("^[A-Z][A-Z0-9_]*$", name)) && !can(regex("SECRET|TOKEN|PASSWORD|LICENSE_DATA|_KEY$|^GCP_SERVICE_ACCOUNT$", name)) && !can(regex("PRIVATE KEY-----", value)) && !(name == "KONG_PROXY_SERVER" && strcontains(value, "@")) && !contains(["KONG_CLUSTER_CERT", "KONG_CLUSTER_CA_CERT"], name)])
    error_message = "environment takes names of variables in capitals, and no secrets: their values would be shown. KONG_CLUSTER_CERT and KONG_CLUSTER_CA_CERT have variables of their own."
  }
  validation {
    condition     = length(setintersection(keys(var.environment), ["KONG_LOG_LEVEL", "KONG_RESILIENCE_LOG_FORMAT", "KONG_RESILIENCE_HANDOVER_DIR", "KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS", "KONG_RESILIENCE_RECONNECT_SECONDS", "KONG_RESILIENCE_STATUS_LISTEN", "KONG_STATUS_LISTEN"])) == 0
    error_message = "environment must not have KONG_LOG_LEVEL, KONG_RESILIENCE_LOG_FORMAT, KONG_RESILIENCE_HANDOVER_DIR, KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS, KONG_RESILIENCE_RECONNECT_SECONDS, KONG_RESILIENCE_STATUS_LISTEN, KONG_STATUS_LISTEN: what this module declares is made for their defaults. The constructs take others."
  }
}

variable "region" {
  description = "Region of worker pool and job."
  type        = string
  nullable    = false
}

variable "image" {
  description = "Image of kong-resilience in Artifact Registry, by full tag or digest."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image must end with a full tag (\":0.1.0\") or a digest (\"@sha256:…\"); \"latest\" is none."
  }
}

variable "network" {
  description = "Network through which the control plane is reached (Direct VPC egress). Without one only a control plane with a public address is."
  type        = string
  default     = null
}

variable "subnetwork" {
  description = "Subnetwork of network; by default that of the same name in the region."
  type        = string
  default     = null
}

variable "notification_channels" {
  description = "Names of the notification channels that are told of alarms; with [] incidents show in the console alone."
  type        = list(string)
  default     = []
  nullable    = false
  validation {
    condition     = alltrue([for channel in var.notification_channels : can(regex("^projects/[^/]+/notificationChannels/[^/]+$", channel))])
    error_message = "notification_channels must be names: projects/<project>/notificationChannels/<id>."
  }
}

variable "name" {
  description = "What the names of worker pool, job, metrics and alarms start with; unique in the project."
  type        = string
  default     = "kong"
  nullable    = false
  validation {
    condition     = can(regex("^[a-z]([a-z0-9-]{0,20}[a-z0-9])?$", var.name))
    error_message = "name must have 1 to 22 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "gateway_image" {
  description = "Image of the gateway, with bash: kong:3.9.1."
  type        = string
  nullable    = false
}
