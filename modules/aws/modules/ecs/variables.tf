# Generated from constructs/ by `npm run modules`. Do not edit.

variable "tags" {
  description = "Tags of everything that takes them."
  type        = map(string)
  default     = {}
  nullable    = false
}

variable "role_path" {
  description = "Path of the roles in IAM."
  type        = string
  default     = "/"
  nullable    = false
  validation {
    condition     = can(regex("^/([!-~]+/)?$", var.role_path))
    error_message = "role_path must begin and end with a slash: /kong/."
  }
}

variable "permissions_boundary" {
  description = "ARN of the permissions boundary of the roles."
  type        = string
  default     = null
  validation {
    condition     = var.permissions_boundary == null || can(regex("^arn:[^:]+:iam::([0-9]{12}|aws):policy/.+$", var.permissions_boundary))
    error_message = "permissions_boundary must be the ARN of a managed policy."
  }
}

variable "cluster_certificate_secret_arn" {
  description = "ARN of a secret of Secrets Manager: JSON whose members \"cert\" and \"key\" are the PEM of the cluster certificate and its key."
  type        = string
  nullable    = false
}

variable "cluster_ca_json_key" {
  description = "Member of that secret, such as \"ca\", that is the PEM of the authority that signed the control plane's certificate, in the modes pki, where no public one did: KONG_CLUSTER_CA_CERT."
  type        = string
  default     = null
}

variable "secrets_kms_key_arn" {
  description = "ARN of the customer key of KMS with which that secret is encrypted; none with the key of AWS, aws/secretsmanager."
  type        = string
  default     = null
}

variable "bucket_name" {
  description = "Name of the bucket. Without one Terraform makes a unique name, which starts with bucket_prefix."
  type        = string
  default     = null
  validation {
    condition     = var.bucket_name == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.bucket_name))
    error_message = "bucket_name must have 3 to 63 lower-case letters, digits, dots and hyphens."
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

variable "force_destroy" {
  description = "Whether a destroy first deletes every stored configuration, without which S3 refuses it."
  type        = bool
  default     = false
  nullable    = false
}

variable "access_log_bucket" {
  description = "Existing bucket to which S3 writes access logs."
  type        = string
  default     = null
}

variable "noncurrent_configuration_versions" {
  description = "How many replaced configurations stay at least."
  type        = number
  default     = 10
  nullable    = false
  validation {
    condition     = var.noncurrent_configuration_versions >= 1 && var.noncurrent_configuration_versions <= 100
    error_message = "noncurrent_configuration_versions must be 1 to 100."
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

variable "bucket_prefix" {
  description = "What the name of the bucket starts with when bucket_name is not given."
  type        = string
  default     = "kong-fallback-"
  nullable    = false
  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{0,36}$", var.bucket_prefix))
    error_message = "bucket_prefix must have at most 37 lower-case letters, digits, dots and hyphens."
  }
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
    condition     = length(setintersection(keys(var.environment), ["KONG_LOG_LEVEL", "KONG_RESILIENCE_LOG_FORMAT", "KONG_RESILIENCE_HANDOVER_DIR", "KONG_RESILIENCE_HANDOVER_GROUP", "KONG_RESILIENCE_RECONNECT_SECONDS", "KONG_RESILIENCE_SHUTDOWN_SECONDS", "KONG_STATUS_LISTEN"])) == 0
    error_message = "environment must not have KONG_LOG_LEVEL, KONG_RESILIENCE_LOG_FORMAT, KONG_RESILIENCE_HANDOVER_DIR, KONG_RESILIENCE_HANDOVER_GROUP, KONG_RESILIENCE_RECONNECT_SECONDS, KONG_RESILIENCE_SHUTDOWN_SECONDS, KONG_STATUS_LISTEN: what this module declares is made for their defaults. The constructs take others."
  }
}

variable "image" {
  description = "Image of kong-resilience, by full tag or digest."
  type        = string
  nullable    = false
  validation {
    condition     = can(regex("(:[A-Za-z0-9_][A-Za-z0-9_.-]*|@sha256:[0-9a-f]{64})$", var.image)) && !endswith(var.image, ":latest")
    error_message = "image must end with a full tag (\":0.1.0\") or a digest (\"@sha256:…\"); \"latest\" is none."
  }
}

variable "name" {
  description = "What the names of what runs and of its alarms start with; unique in account and region."
  type        = string
  default     = "kong"
  nullable    = false
  validation {
    condition     = can(regex("^[A-Za-z][A-Za-z0-9-]{0,31}$", var.name))
    error_message = "name must have 1 to 32 letters, digits and hyphens, and begin with a letter."
  }
}

variable "log_retention_days" {
  description = "For how many days CloudWatch keeps the logs."
  type        = number
  default     = 30
  nullable    = false
  validation {
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "log_retention_days must be one of 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653."
  }
}

variable "subnets" {
  description = "Ids of the subnets of the exporter, from which control plane, registry and S3 are reached."
  type        = list(string)
  nullable    = false
  validation {
    condition     = length(var.subnets) > 0
    error_message = "subnets must have the id of one subnet at least: a task on Fargate runs in a subnet."
  }
}

variable "security_groups" {
  description = "Ids of existing security groups for the exporter, which let it reach the control plane, HTTPS and DNS. Without any it has one of its own, without ingress."
  type        = list(string)
  default     = []
  nullable    = false
}

variable "assign_public_ip" {
  description = "Whether the exporter has a public address, as it needs in a subnet without NAT."
  type        = bool
  default     = false
  nullable    = false
}

variable "cluster" {
  description = "ARN or name of the ECS cluster."
  type        = string
  nullable    = false
}

variable "desired_count" {
  description = "How many exporters run: one exports, another takes over within the lease when it is gone."
  type        = number
  default     = 1
  nullable    = false
  validation {
    condition     = var.desired_count >= 1 && var.desired_count <= 10 && floor(var.desired_count) == var.desired_count
    error_message = "desired_count must be a whole number from 1 to 10."
  }
}

variable "cpu_architecture" {
  description = "X86_64 or ARM64, as the image is built."
  type        = string
  default     = "X86_64"
  nullable    = false
  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "alarm_actions" {
  description = "ARNs, such as that of an SNS topic, that are told of alarms; with [] they show in the console alone."
  type        = list(string)
  nullable    = false
  validation {
    condition     = alltrue([for action in var.alarm_actions : can(regex("^arn:[a-z0-9-]+:[a-z0-9-]+:[^\\s]+$", action))])
    error_message = "alarm_actions must be ARNs, such as that of an SNS topic."
  }
}

variable "gateway_image" {
  description = "Image of the gateway, with bash: kong:3.9.1."
  type        = string
  nullable    = false
}
