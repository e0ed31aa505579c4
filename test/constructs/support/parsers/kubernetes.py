"""Reads a JSON list of Kubernetes objects on standard input, and writes for each what its strict schema says: "" or the error."""

import json
import sys

import kubernetes_validate

version = sys.argv[1]


def complaint(manifest):
    try:
        kubernetes_validate.validate(manifest, version, strict=True)
    except kubernetes_validate.ValidationError as error:
        return f"{'.'.join(str(part) for part in error.path)}: {error.message}"
    return ""


json.dump([complaint(manifest) for manifest in json.load(sys.stdin)], sys.stdout)
