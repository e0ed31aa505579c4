"""Registers a container definition (JSON on standard input) with boto3, which checks it against AWS's own model of the
API, in moto, and prints what is described then. Nothing leaves this process."""

import json
import sys

import boto3
from moto import mock_aws

with mock_aws():
    ecs = boto3.client("ecs", region_name="us-east-2", aws_access_key_id="test", aws_secret_access_key="test")
    ecs.register_task_definition(family="test", containerDefinitions=[json.load(sys.stdin)])
    described = ecs.describe_task_definition(taskDefinition="test")["taskDefinition"]["containerDefinitions"][0]
    print(json.dumps({"environment": described["environment"], "secrets": described["secrets"]}))
