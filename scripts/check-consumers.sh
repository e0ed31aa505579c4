#!/usr/bin/env bash
# Installs the packed tarball as the projects of its users do, and synthesizes a stack in each: classic CDKTF (CommonJS,
# ts-node, moduleResolution node), tsx, native ESM, and on the fork (cdktf aliased to cdktn, constructs below 10.8).
# All must synthesize the same. An example of the package must run as it is there. Needs the npm registry.
set -euo pipefail
cd "$(dirname "$0")/.."
consumers="$PWD/test/consumers"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
tarball="$work/$(npm pack --silent --ignore-scripts --pack-destination "$work")"
version() { node -p "require('./package.json').devDependencies['$1']"; }
common=("@cdktf/provider-aws@$(version @cdktf/provider-aws)" "constructs@$(version constructs)")
install() { npm install --prefix "$1" --no-audit --no-fund --no-progress --silent "${@:2}"; }
prepare() {
  mkdir -p "$work/$1"
  echo '{ "private": true }' >"$work/$1/package.json"
  cp -R "$consumers/classic" "$consumers/esm" "$work/$1/"
}
stack() { node -p "JSON.stringify(JSON.parse(require('fs').readFileSync('$1/stacks/consumer/cdk.tf.json')), (key, value) => key === '//' || key === 'backend' ? undefined : value)"; }

prepare cdktf
install "$work/cdktf" "$tarball" "${common[@]}" "cdktf@$(version cdktf)" ts-node@10.9.2 \
  "typescript@$(version typescript)" "tsx@$(version tsx)" "@types/node@$(version @types/node)"
cd "$work/cdktf/classic"
CDKTF_OUTDIR="$work/out-classic" npx --no-install ts-node main.ts
CDKTF_OUTDIR="$work/out-tsx" npx --no-install tsx main.ts
cd ../esm
CDKTF_OUTDIR="$work/out-esm" node main.mjs

# The examples, copied out of the package.
cd "$work/cdktf"
cp -R node_modules/cdktf-kong-resilience/examples .
CDKTF_OUTDIR="$work/out-example" npx --no-install tsx --tsconfig examples/tsconfig.json examples/aws/main.ts

cd "$consumers/../.."
prepare fork
# The provider's peer range names cdktf's own version, which the fork does not have.
install "$work/fork" --legacy-peer-deps "$tarball" "${common[@]}" cdktf@npm:cdktn@0.24.0
cd "$work/fork/esm"
CDKTF_OUTDIR="$work/out-fork" node main.mjs

expected="$(stack "$work/out-classic")"
for kind in tsx esm fork; do
  [ "$(stack "$work/out-$kind")" = "$expected" ] || {
    echo "a project of the kind \"$kind\" synthesizes another stack than classic CDKTF" >&2
    exit 1
  }
done
grep -q '"aws_s3_bucket"' <<<"$expected" || { echo 'the stack has no bucket' >&2; exit 1; }
echo 'classic CDKTF, tsx, ESM and the fork synthesize the same stack from the packed tarball'
