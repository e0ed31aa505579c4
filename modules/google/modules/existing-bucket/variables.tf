# Generated from constructs/ by `npm run modules`. Do not edit.

variable "bucket_name" {
  description = "Name of the bucket, which exists already."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must have 3 to 63 lower-case letters, digits, dots, hyphens and underscores, without gs://."
  }
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

variable "project" {
  description = "Project of everything here; the provider's by default."
  type        = string
  default     = null
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

variable "exporter_service_account_email" {
  description = "Address of the service account of the exporter, which exists already."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z0-9-]+@[a-z0-9.-]+[.]gserviceaccount[.]com$", var.exporter_service_account_email))
    error_message = "exporter_service_account_email must be the address of a service account: name@project.iam.gserviceaccount.com."
  }
}

variable "importer_service_account_email" {
  description = "Address of the service account of the gateways, which exists already."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("^[a-z0-9-]+@[a-z0-9.-]+[.]gserviceaccount[.]com$", var.importer_service_account_email))
    error_message = "importer_service_account_email must be the address of a service account: name@project.iam.gserviceaccount.com."
  }
}

variable "cluster_cert" {
  description = "Path of the cluster certificate in the container of a node: KONG_CLUSTER_CERT."
  type        = string
  default     = "/etc/secrets/kong-cluster-cert/tls.crt"
  nullable    = false
}

variable "cluster_cert_key" {
  description = "Path of its private key: KONG_CLUSTER_CERT_KEY."
  type        = string
  default     = "/etc/secrets/kong-cluster-cert/tls.key"
  nullable    = false
}

variable "cluster_ca_cert" {
  description = "Path of the certificate of the authority that signed the control plane's certificate, in the modes pki, where no public one did: KONG_CLUSTER_CA_CERT."
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
}
