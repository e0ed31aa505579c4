"""Makes what Terraform rendered (JSON on standard input) in moto, turns its enforcement on, sends requests, and prints
what became of each: "allowed", or the code of the error. The server is on loopback and ends with this process.

Moto makes identifiers of its own: they take the place of those that the stand-in for Terraform's provider made up. It
ignores every Condition. Of these services it knows the resource of a request for S3 alone: for the others it asks a
method, which is given here.
"""

import json
import re
import sys
import urllib.request

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from moto.iam.access_control import IAMRequestBase
from moto.kms.responses import KmsResponse
from moto.secretsmanager.responses import SecretsManagerResponse
from moto.server import ThreadedMotoServer

given = json.load(sys.stdin)
REGION = "us-east-1"

# Moto computes another signature where a query has a slash, as that of a listing by prefix. Keys are checked all the same.
IAMRequestBase.check_signature = lambda self: None
KmsResponse._determine_resource = lambda self: json.loads(self.body or "{}").get("KeyId", "*")
SecretsManagerResponse._determine_resource = lambda self: json.loads(self.body or "{}").get("SecretId", "*")

server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
endpoint = "http://%s:%d" % server.get_host_and_port()


def client(service, keys=("administrator", "administrator", None)):
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        aws_session_token=keys[2],
        config=Config(
            retries={"total_max_attempts": 1},
            s3={"addressing_style": "path"},
            request_checksum_calculation="when_required",
        ),
    )


replacements = {}


def real(value):
    text = json.dumps(value)
    for made_up, made in replacements.items():
        text = text.replace(json.dumps(made_up)[1:-1], json.dumps(made)[1:-1])
    return json.loads(text)


iam, kms, s3, secrets, sts = (client(name) for name in ("iam", "kms", "s3", "secretsmanager", "sts"))
for bucket in given["buckets"]:
    s3.create_bucket(Bucket=bucket)
ciphertexts = {}
for arn in given["keys"]:
    key = kms.create_key()["KeyMetadata"]["Arn"]
    replacements[arn] = key
    ciphertexts[key] = kms.encrypt(KeyId=key, Plaintext=b"data key")["CiphertextBlob"]
principals = given["principals"].items()
for _, principal in principals:
    if principal["kind"] == "user":
        iam.create_user(UserName=principal["name"])
    else:
        iam.create_role(RoleName=principal["name"], AssumeRolePolicyDocument=principal["trust"])
for access_key in given["accessKeys"]:
    made = iam.create_access_key(UserName=access_key["user"])["AccessKey"]
    replacements[access_key["id"]] = made["AccessKeyId"]
    replacements[access_key["secret"]] = made["SecretAccessKey"]
for secret in given["secrets"]:
    replacements[secret["arn"]] = secrets.create_secret(Name=secret["name"], SecretString=real(secret["text"]))["ARN"]

credentials = {}
for who, principal in principals:
    for name, policy in real(principal["policies"]).items():
        if principal["kind"] == "user":
            iam.put_user_policy(UserName=principal["name"], PolicyName=name, PolicyDocument=policy)
        else:
            iam.put_role_policy(RoleName=principal["name"], PolicyName=name, PolicyDocument=policy)
    if principal["kind"] == "user":
        # The keys that the node gets: those in the secret.
        keys = json.loads(secrets.get_secret_value(SecretId=real(principal["secret"]))["SecretString"])
        credentials[who] = (keys["AWS_ACCESS_KEY_ID"], keys["AWS_SECRET_ACCESS_KEY"], None)
    else:
        arn = iam.get_role(RoleName=principal["name"])["Role"]["Arn"]
        keys = sts.assume_role(RoleArn=arn, RoleSessionName="test")["Credentials"]
        credentials[who] = (keys["AccessKeyId"], keys["SecretAccessKey"], keys["SessionToken"])

request = urllib.request.Request(endpoint + "/moto-api/reset-auth", b"0", {"Content-Type": "text/plain"})
urllib.request.urlopen(request).close()


def outcome(who, service, operation, parameters):
    parameters = real(parameters)
    if operation == "decrypt":
        parameters["CiphertextBlob"] = ciphertexts[parameters["KeyId"]]
    bodies = []
    caller = client(service, credentials[who])
    # Moto refuses in XML where the protocol is JSON, and boto3 then knows the status alone.
    caller.meta.events.register("before-parse", lambda response_dict, **_: bodies.append(response_dict["body"]))
    try:
        getattr(caller, operation)(**parameters)
    except ClientError as error:
        code = re.search(rb"<Code>(\w+)</Code>", bodies[-1])
        return code[1].decode() if code else error.response["Error"]["Code"]
    return "allowed"


print(json.dumps([outcome(**one) for one in given["requests"]]))
