#!/usr/bin/env bash
# Runs CDKTF's own command-line tool once: `cdktf synth` of the example that the root cdktf.json names, and
# `cdktf deploy --skip-provider-lock` of examples/minio, both in a temporary copy. The provider is the stand-in of the
# tests, out of a filesystem mirror: nothing is made anywhere. Needs the npm registry, terraform and `npm run test:servers`.
set -euo pipefail
cd "$(dirname "$0")/.."
root="$PWD"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# The version of the library. It weighs 423 MB, and only this script needs it.
cli="$HOME/.cache/cdktf-kong-resilience/cdktf-cli"
version="$(node -p "require('./package.json').devDependencies.cdktf")"
installed() { node -p "require('$cli/node_modules/cdktf-cli/package.json').version" 2>/dev/null || true; }
[ "$(installed)" = "$version" ] ||
  npm install --prefix "$cli" --no-audit --no-fund --no-progress --no-save --no-package-lock --silent "cdktf-cli@$version"

# The provider aminueza/minio, as test/constructs/support/terraform.ts makes it.
stand_in="$(node --input-type=module -e "
  import { standInProgram } from '$root/test/support/terraform-stand-in/program.mjs';
  console.log(standInProgram());")"
platform="$(node -p "process.platform + '_' + ({ x64: 'amd64' }[process.arch] ?? process.arch)")"
provider=3.38.0
plugins="$work/mirror/registry.terraform.io/aminueza/minio/$provider/$platform"
mkdir -p "$plugins" "$work/schemas" "$work/home"
cp "${KONG_RESILIENCE_TEST_SERVERS:-$HOME/.cache/cdktf-kong-resilience/bin}/$stand_in" "$plugins/terraform-provider-minio_v$provider"
cp test/constructs/support/minio-schema.json "$work/schemas/minio.json"
cat >"$work/terraformrc" <<END
disable_checkpoint = true
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
END

# The state is beside the app: in the copy.
project="$work/project"
mkdir "$project"
cp -R cdktf.json package.json tsconfig.json constructs src examples dist "$project/"
ln -s "$root/node_modules" "$project/node_modules"
cd "$project"

# In another home: neither credentials of the user nor settings of Terraform count.
cdktf() {
  if ! env HOME="$work/home" CI=true CHECKPOINT_DISABLE=1 TF_CLI_CONFIG_FILE="$work/terraformrc" \
    TERRAFORM_STAND_IN_SCHEMAS="$work/schemas" TF_VAR_minio_password=unused \
    timeout 300 "$cli/node_modules/.bin/cdktf" "$@" </dev/null >"$work/log" 2>&1; then
    cat "$work/log" >&2
    echo "cdktf $* failed" >&2
    exit 1
  fi
}

cdktf synth
grep -q '"aws_s3_bucket"' cdktf.out/stacks/kong-aws/cdk.tf.json || {
  echo 'cdktf synth left no stack with a bucket' >&2
  exit 1
}
rm -r cdktf.out
cdktf deploy kong-minio --skip-provider-lock --auto-approve \
  --app 'npx tsx --tsconfig examples/tsconfig.json examples/minio/main.ts'
grep -q '"minio_s3_bucket"' terraform.kong-minio.tfstate || {
  echo 'cdktf deploy left no bucket in the state' >&2
  exit 1
}
echo "cdktf-cli $version synthesizes examples/aws and deploys examples/minio on the stand-in for its provider"
