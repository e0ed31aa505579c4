#!/usr/bin/env bash
# What the entry point of Kong's images does, as far as a start depends on it: the content of KONG_<OPTION>_FILE becomes
# KONG_<OPTION>, both set is refused, and `kong docker-start` is prepare, then nginx in the place of this shell.
set -Eeo pipefail

export KONG_NGINX_DAEMON=${KONG_NGINX_DAEMON:=off}

if [[ "$1" == kong ]]; then
  for file in $(compgen -e | grep -E '^KONG_[A-Z0-9_]+_FILE$' || true); do
    name=${file%_FILE}
    if [[ -n "${!name:-}" ]]; then
      echo >&2 "Error: both $name and $file are set (but are exclusive)"
      exit 1
    fi
    export "$name=$(<"${!file}")"
    unset "$file"
  done
  PREFIX=${KONG_PREFIX:=/usr/local/kong}
  if [[ "$2" == docker-start ]]; then
    kong prepare -p "$PREFIX"
    exec /usr/local/openresty/nginx/sbin/nginx -p "$PREFIX" -c nginx.conf
  fi
fi

exec "$@"
