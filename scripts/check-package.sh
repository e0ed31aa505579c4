#!/usr/bin/env bash
# What a stranger does: pack, install the tarball in an empty folder without optional peers, run the program and its demo.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
npm pack --silent --pack-destination "$folder" >/dev/null
cd "$folder"
npm init --yes >/dev/null
npm install --no-progress --omit=optional --omit=peer ./cdktf-kong-resilience-*.tgz
npx --no-install kong-resilience --version
npx --no-install kong-resilience --help >/dev/null
npx --no-install kong-resilience demo
node -e "const c = require('cdktf-kong-resilience'); if (c.parseStorageUrl === undefined) throw new Error('the library lacks the contract')"
