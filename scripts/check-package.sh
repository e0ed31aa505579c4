#!/usr/bin/env bash
# What a stranger does: pack, install the tarball in an empty folder, run the program and its demo. No provider and no
# CDKTF may come with it: they are for those who declare stacks. What is installed has its checksums, and all that
# `docker build` needs.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" >/dev/null
cd "$folder"
npm init --yes >/dev/null
npm install --no-progress ./cdktf-kong-resilience-*.tgz
for name in @cdktf cdktf constructs; do
  [ ! -e "node_modules/$name" ] || { echo "the package alone brings $name along" >&2; exit 1; }
done
(cd node_modules/cdktf-kong-resilience/dist && sha256sum --check --strict --quiet SHA256SUMS)
for file in Dockerfile .dockerignore LICENSE package.json bin dist; do
  [ -e "node_modules/cdktf-kong-resilience/$file" ] || { echo "the installed package lacks $file" >&2; exit 1; }
done
npx --no-install kong-resilience --version
npx --no-install kong-resilience --help >/dev/null
npx --no-install kong-resilience demo
node -e "const c = require('cdktf-kong-resilience'); if (c.parseStorageUrl === undefined) throw new Error('the library lacks the contract')"
