# Generated from constructs/ by `npm run modules`. Do not edit.

terraform {
  required_version = ">= 1.5"

  required_providers {
    minio = {
      source  = "aminueza/minio"
      version = ">= 3.38, < 4.0"
    }
  }
}
