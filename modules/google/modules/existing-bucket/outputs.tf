# Generated from constructs/ by `npm run modules`. Do not edit.

output "storage_url" {
  description = "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE of the nodes."
  value       = "gcs://${var.bucket_name}/${var.prefix}"
  precondition {
    condition     = contains(var.gateway_versions, local.gateway_version)
    error_message = "gateway_version must be one of gateway_versions: new nodes of a version that nobody exports would find nothing in an outage. Add it to gateway_versions first, and apply."
  }
  precondition {
    condition     = local.cluster_cert != ""
    error_message = "cluster_cert must be an absolute path; the text of a certificate or key has no place in a variable, which is shown."
  }
  precondition {
    condition     = local.cluster_cert_key != ""
    error_message = "cluster_cert_key must be an absolute path; the text of a certificate or key has no place in a variable, which is shown."
  }
  precondition {
    condition     = local.cluster_ca_cert != ""
    error_message = "cluster_ca_cert must be an absolute path; the text of a certificate or key has no place in a variable, which is shown."
  }
}

output "bucket_name" {
  description = "Name of the bucket."
  value       = var.bucket_name
}

output "exporter_environment" {
  description = "Environment of the exporter, as a list of name and value: the `environment` of a container of ECS."
  value = concat([for variable in concat([
    {
      name  = "KONG_CLUSTER_CERT"
      value = local.cluster_cert
    },
    {
      name  = "KONG_CLUSTER_CERT_KEY"
      value = local.cluster_cert_key
    },
    {
      name  = "KONG_CLUSTER_CONTROL_PLANE"
      value = var.control_plane
    },
    {
      name  = "KONG_CLUSTER_FALLBACK_CONFIG_EXPORT"
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
      value = join(",", var.gateway_versions)
    },
    {
      name  = "KONG_RESILIENCE_STATUS_LISTEN"
      value = "0.0.0.0:8101"
    },
    {
      name  = "KONG_ROLE"
      value = "data_plane"
    },
    ], [for _ in local.cluster_ca_cert[*] : {
      name  = "KONG_CLUSTER_CA_CERT"
      value = local.cluster_ca_cert
      }], [for _ in var.cluster_server_name[*] : {
      name  = "KONG_CLUSTER_SERVER_NAME"
      value = var.cluster_server_name
  }]) : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
}

output "exporter_environment_map" {
  description = "The same as a map."
  value = merge({
    KONG_CLUSTER_CERT                    = local.cluster_cert
    KONG_CLUSTER_CERT_KEY                = local.cluster_cert_key
    KONG_CLUSTER_CONTROL_PLANE           = var.control_plane
    KONG_CLUSTER_FALLBACK_CONFIG_EXPORT  = "on"
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE = "gcs://${var.bucket_name}/${var.prefix}"
    KONG_CLUSTER_MTLS                    = var.cluster_mtls
    KONG_DATABASE                        = "off"
    KONG_LUA_SSL_TRUSTED_CERTIFICATE     = "system"
    KONG_RESILIENCE_GATEWAY_VERSION      = join(",", var.gateway_versions)
    KONG_RESILIENCE_STATUS_LISTEN        = "0.0.0.0:8101"
    KONG_ROLE                            = "data_plane"
  }, { for _ in local.cluster_ca_cert[*] : "KONG_CLUSTER_CA_CERT" => local.cluster_ca_cert }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, var.environment)
}

output "exporter_helm_values" {
  description = "The same as values `env` and `customEnv` of Kong's Helm chart."
  value = {
    env = merge({
      cluster_cert                    = replace(local.cluster_cert, "$", "$$")
      cluster_cert_key                = replace(local.cluster_cert_key, "$", "$$")
      cluster_control_plane           = replace(var.control_plane, "$", "$$")
      cluster_fallback_config_export  = "on"
      cluster_fallback_config_storage = "gcs://${replace(var.bucket_name, "$", "$$")}/${replace(var.prefix, "$", "$$")}"
      cluster_mtls                    = replace(var.cluster_mtls, "$", "$$")
      database                        = "off"
      lua_ssl_trusted_certificate     = "system"
      resilience_gateway_version      = replace(join(",", var.gateway_versions), "$", "$$")
      resilience_status_listen        = "0.0.0.0:8101"
      role                            = "data_plane"
    }, { for _ in local.cluster_ca_cert[*] : "cluster_ca_cert" => replace(local.cluster_ca_cert, "$", "$$") }, { for _ in var.cluster_server_name[*] : "cluster_server_name" => replace(var.cluster_server_name, "$", "$$") }, { for name, value in var.environment : lower(trimprefix(name, "KONG_")) => replace(value, "$", "$$") if startswith(name, "KONG_") })
    customEnv = { for name, value in var.environment : name => replace(value, "$", "$$") if !startswith(name, "KONG_") }
  }
}

output "importer_environment" {
  description = "Environment of what imports for a gateway, as a list of name and value: the `environment` of a container of ECS."
  value = concat([for variable in concat([
    {
      name  = "KONG_CLUSTER_CERT"
      value = local.cluster_cert
    },
    {
      name  = "KONG_CLUSTER_CERT_KEY"
      value = local.cluster_cert_key
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
    ], [for _ in local.cluster_ca_cert[*] : {
      name  = "KONG_CLUSTER_CA_CERT"
      value = local.cluster_ca_cert
      }], [for _ in var.cluster_server_name[*] : {
      name  = "KONG_CLUSTER_SERVER_NAME"
      value = var.cluster_server_name
  }]) : variable if !contains(keys(var.environment), variable.name)], [for name, value in var.environment : { name = name, value = value }])
}

output "importer_environment_map" {
  description = "The same as a map."
  value = merge({
    KONG_CLUSTER_CERT                    = local.cluster_cert
    KONG_CLUSTER_CERT_KEY                = local.cluster_cert_key
    KONG_CLUSTER_CONTROL_PLANE           = var.control_plane
    KONG_CLUSTER_FALLBACK_CONFIG_IMPORT  = "on"
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE = "gcs://${var.bucket_name}/${var.prefix}"
    KONG_CLUSTER_MTLS                    = var.cluster_mtls
    KONG_DATABASE                        = "off"
    KONG_LUA_SSL_TRUSTED_CERTIFICATE     = "system"
    KONG_RESILIENCE_GATEWAY_VERSION      = local.gateway_version
    KONG_ROLE                            = "data_plane"
  }, { for _ in local.cluster_ca_cert[*] : "KONG_CLUSTER_CA_CERT" => local.cluster_ca_cert }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, var.environment)
}

output "importer_helm_values" {
  description = "The same as values `env` and `customEnv` of Kong's Helm chart."
  value = {
    env = merge({
      cluster_cert                    = replace(local.cluster_cert, "$", "$$")
      cluster_cert_key                = replace(local.cluster_cert_key, "$", "$$")
      cluster_control_plane           = replace(var.control_plane, "$", "$$")
      cluster_fallback_config_import  = "on"
      cluster_fallback_config_storage = "gcs://${replace(var.bucket_name, "$", "$$")}/${replace(var.prefix, "$", "$$")}"
      cluster_mtls                    = replace(var.cluster_mtls, "$", "$$")
      database                        = "off"
      lua_ssl_trusted_certificate     = "system"
      resilience_gateway_version      = replace(local.gateway_version, "$", "$$")
      role                            = "data_plane"
    }, { for _ in local.cluster_ca_cert[*] : "cluster_ca_cert" => replace(local.cluster_ca_cert, "$", "$$") }, { for _ in var.cluster_server_name[*] : "cluster_server_name" => replace(var.cluster_server_name, "$", "$$") }, { for name, value in var.environment : lower(trimprefix(name, "KONG_")) => replace(value, "$", "$$") if startswith(name, "KONG_") })
    customEnv = { for name, value in var.environment : name => replace(value, "$", "$$") if !startswith(name, "KONG_") }
  }
}

output "gateway_environment" {
  description = "Environment of a gateway of open source; one of Enterprise takes that of the importer, as a list of name and value: the `environment` of a container of ECS."
  value = concat([for variable in concat([
    {
      name  = "KONG_CLUSTER_CERT"
      value = local.cluster_cert
    },
    {
      name  = "KONG_CLUSTER_CERT_KEY"
      value = local.cluster_cert_key
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
    ], [for _ in local.cluster_ca_cert[*] : {
      name  = "KONG_CLUSTER_CA_CERT"
      value = local.cluster_ca_cert
      }], [for _ in var.cluster_server_name[*] : {
      name  = "KONG_CLUSTER_SERVER_NAME"
      value = var.cluster_server_name
  }]) : variable if !contains(keys(local.gateway_environment), variable.name)], [for name, value in local.gateway_environment : { name = name, value = value }])
}

output "gateway_environment_map" {
  description = "The same as a map."
  value = merge({
    KONG_CLUSTER_CERT                = local.cluster_cert
    KONG_CLUSTER_CERT_KEY            = local.cluster_cert_key
    KONG_CLUSTER_CONTROL_PLANE       = var.control_plane
    KONG_CLUSTER_MTLS                = var.cluster_mtls
    KONG_DATABASE                    = "off"
    KONG_LUA_SSL_TRUSTED_CERTIFICATE = "system"
    KONG_ROLE                        = "data_plane"
    KONG_STATUS_LISTEN               = "0.0.0.0:8100"
  }, { for _ in local.cluster_ca_cert[*] : "KONG_CLUSTER_CA_CERT" => local.cluster_ca_cert }, { for _ in var.cluster_server_name[*] : "KONG_CLUSTER_SERVER_NAME" => var.cluster_server_name }, local.gateway_environment)
}

output "gateway_helm_values" {
  description = "The same as values `env` and `customEnv` of Kong's Helm chart."
  value = {
    env = merge({
      cluster_cert                = replace(local.cluster_cert, "$", "$$")
      cluster_cert_key            = replace(local.cluster_cert_key, "$", "$$")
      cluster_control_plane       = replace(var.control_plane, "$", "$$")
      cluster_mtls                = replace(var.cluster_mtls, "$", "$$")
      database                    = "off"
      lua_ssl_trusted_certificate = "system"
      role                        = "data_plane"
      status_listen               = "0.0.0.0:8100"
    }, { for _ in local.cluster_ca_cert[*] : "cluster_ca_cert" => replace(local.cluster_ca_cert, "$", "$$") }, { for _ in var.cluster_server_name[*] : "cluster_server_name" => replace(var.cluster_server_name, "$", "$$") }, { for name, value in local.gateway_environment : lower(trimprefix(name, "KONG_")) => replace(value, "$", "$$") if startswith(name, "KONG_") })
    customEnv = { for name, value in local.gateway_environment : name => replace(value, "$", "$$") if !startswith(name, "KONG_") }
  }
}

output "lifecycle_rules" {
  description = "Rules for the bucket's lifecycle, to be put beside its own. None reaches further than gateway_versions."
  value = [
    {
      action = {
        type = "Delete"
      }
      condition = {
        matches_prefix = flatten([for version in var.gateway_versions : [
          "${var.prefix}/${version}/config.json",
        ]])
        with_state                 = "ARCHIVED"
        num_newer_versions         = (var.noncurrent_configuration_versions + 1)
        days_since_noncurrent_time = var.noncurrent_configuration_days
      }
    },
    {
      action = {
        type = "Delete"
      }
      condition = {
        matches_prefix = flatten([for version in var.gateway_versions : [
          "${var.prefix}/${version}/kong-resilience.json",
        ]])
        with_state                 = "ARCHIVED"
        days_since_noncurrent_time = 1
      }
    },
    {
      action = {
        type = "Delete"
      }
      condition = {
        matches_prefix = flatten([for version in var.gateway_versions : [
          "${var.prefix}/${version}/election/",
        ]])
        with_state = "LIVE"
        age        = 7
      }
    },
    {
      action = {
        type = "Delete"
      }
      condition = {
        matches_prefix = flatten([for version in var.gateway_versions : [
          "${var.prefix}/${version}/election/",
        ]])
        with_state                 = "ARCHIVED"
        days_since_noncurrent_time = 1
      }
    },
  ]
}
