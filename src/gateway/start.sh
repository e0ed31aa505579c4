#!/bin/sh
# kong-resilience start script
#
# Decides at each start of a gateway, in its own container and as its own user, whether it starts
# from the configuration that was handed over, from its own cache, or as it would without us.
#
#   sh start.sh <command> [argument]...    decides, then becomes the command
#   BASH_ENV=.../start.sh                  decides at the start of a bash script (Kong's entry point)
#   . .../start.sh                         decides in any POSIX shell
#
# It sets, empties or unsets KONG_DECLARATIVE_CONFIG (and KONG_DECLARATIVE_CONFIG_FILE), and nothing else
# in the environment. Kong loads the file that the variable names over its cache, so it may be set only
# where the cache has nothing newer. Comparing times of files is never done: a file that was touched later
# may be older. A cache that is cut or corrupt, of which a gateway can die, is moved aside and kept.
#
# Reads: KONG_RESILIENCE_HANDOVER_DIR, the prefix (-p of the command, else KONG_PREFIX, else kong.conf), the version from
# "kong version" (else KONG_RESILIENCE_GATEWAY_VERSION, KONG_VERSION), and the cache with cache.lua, which
# lies beside this script. Needs a POSIX shell, LuaJIT or resty, and md5sum. Keeps two small files in the
# prefix, which it makes where it is missing, as Kong would: which files the cache may stem from, and what
# "kong config parse" said of the last one.
#
# Deciding twice is harmless: the second time finds what the first one did.
#
# All of it runs in a subshell, so that a caller who sources it keeps its variables, functions, options,
# positional parameters and traps; and whatever goes wrong in there, the start goes on. It prints the shell
# code to run. No apostrophes in its comments, and both parentheses in its case patterns: bash 3.2 reads
# the text of a substitution badly.
eval "$(
  set +aCefu
  trap '' PIPE
  # shellcheck disable=SC3047 # bash alone has these, and alone gets here
  [ -z "${BASH_VERSION-}" ] || trap - ERR DEBUG RETURN
  unset IFS
  LC_ALL=C
  umask o-w

  say() {
    printf 'kong-resilience: %s\n' "$*" >&2
  }

  # Ends the decision: the environment stays as it is.
  leave() {
    say "$*"
    exit 0
  }

  # Ends the decision: the gateway starts without a file that the environment names.
  without_file() {
    [ -z "$variable" ] || printf 'unset KONG_DECLARATIVE_CONFIG KONG_DECLARATIVE_CONFIG_FILE\n'
    leave "$@"
  }

  # Ends the decision: the gateway starts with its cache.
  with_cache() {
    [ -n "$conf_own" ] || without_file "$@"
    # An empty variable means no file, and Kong takes it before what kong.conf says.
    printf 'unset KONG_DECLARATIVE_CONFIG_FILE\nKONG_DECLARATIVE_CONFIG=\nexport KONG_DECLARATIVE_CONFIG\n'
    leave "$@"
  }

  # Ends the decision: the gateway starts from the staged file.
  with_staged() {
    note "$staged_md5" handed-over
    quoted=$(printf %s "$staged" | sed "s/'/'\\\\''/g")
    # The entry point of the images refuses to start with both variables set.
    printf 'unset KONG_DECLARATIVE_CONFIG_FILE\nKONG_DECLARATIVE_CONFIG='\''%s'\''\nexport KONG_DECLARATIVE_CONFIG\n' "$quoted"
    leave "$@"
  }

  is_this_script() {
    [ -f "$1" ] && [ -r "$1" ] && { read -r line && read -r line; } <"$1" && [ "$line" = '# kong-resilience start script' ]
  }

  # MD5 in hexadecimal of a file; nothing when it cannot be had.
  md5_of() {
    [ -f "$1" ] && [ -r "$1" ] || return 0
    if command -v md5sum >/dev/null 2>&1; then
      sum=$(md5sum <"$1" 2>/dev/null)
    elif command -v md5 >/dev/null 2>&1; then
      sum=$(md5 -q <"$1" 2>/dev/null)
    else
      sum=$(openssl dgst -md5 -r <"$1" 2>/dev/null)
    fi
    sum=${sum%% *}
    [ "${#sum}" -ne 32 ] || printf %s "$sum"
  }

  # Whether a line of the file $1 begins with the words after it.
  lists() {
    list=$1
    shift
    [ -f "$list" ] && [ -r "$list" ] || return 1
    while read -r line; do
      case $line in
        ("$*" | "$* "*) return 0 ;;
      esac
    done <"$list"
    return 1
  }

  # Adds a line to a small file, of which the last $2 lines stay; never leaves a half of it, and takes away what a start
  # that was killed here has left.
  append() {
    file=$1 keep=$2
    shift 2
    rm -f "$file".[0-9]* 2>/dev/null
    if { [ ! -f "$file" ] || tail -n "$((keep - 1))" "$file"; printf '%s\n' "$*"; } 2>/dev/null >"$file.$$"; then
      mv -f "$file.$$" "$file" 2>/dev/null
    fi
    rm -f "$file.$$" 2>/dev/null
  }

  writable() {
    [ -d "$1" ] && [ -w "$1" ] && [ -x "$1" ]
  }

  # Remembers from which file this start fills the cache, beside the cache itself.
  note() {
    [ -n "$1" ] || return 0
    [ -d "$prefix" ] || mkdir -p "$prefix" 2>/dev/null
    writable "$prefix" || return 0
    lists "$started_from" "$1" "$2" || append "$started_from" 100 "$1" "$2"
  }

  # A value of kong.conf, for what no variable says.
  conf_value() {
    [ -f /etc/kong/kong.conf ] && [ -r /etc/kong/kong.conf ] || return 0
    sed -n -e 's/[[:space:]]#.*$//' -e 's/[[:space:]]*$//' -e "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" /etc/kong/kong.conf | tail -n 1
  }

  # The prefix that the command itself names: Kong takes it before KONG_PREFIX, and that before kong.conf. The entry point of
  # the images always names one, whatever kong.conf says.
  prefix_of_command() {
    while [ "$#" -gt 0 ]; do
      case $1 in
        (kong | */kong) break ;;
      esac
      shift
    done
    while [ "$#" -gt 1 ]; do
      shift
      case $1 in
        (docker-start) printf %s "${KONG_PREFIX:-/usr/local/kong}"; return ;;
        (-p | --prefix) printf %s "${2-}"; return ;;
      esac
    done
  }

  # Runs a command with a limit in seconds where the system can.
  if timeout 5 true 2>/dev/null; then
    bounded() { timeout "$@"; }
  else
    bounded() { shift; "$@"; }
  fi

  # The first lines of what Kong says, without those of its log below an error: a warning for each field that is deprecated
  # comes before what is wrong. A message about a value that must be unique quotes it, and it may be a key.
  # Nothing in here stops reading early: SIGPIPE is ignored, and whoever still writes would say so.
  quote_kong() {
    printf '%s\n' "$answer" | tr -d '\000-\010\013-\037\177' |
      sed -e '/^[0-9/]* [0-9:]* \[warn\]/d' -e '/^[0-9/]* [0-9:]* \[notice\]/d' -e '/^[0-9/]* [0-9:]* \[info\]/d' \
        -e '/^[0-9/]* [0-9:]* \[debug\]/d' -e "s/set to '.*'/set to [hidden]/" |
      cut -c 1-300 | sed -n '/./{s/^/kong-resilience: kong: /p;}' | sed -n 1,5p >&2
  }

  # Whether a gateway runs in this prefix. The number in the file may be of an earlier one, and another process have it now.
  running() {
    pid=
    [ ! -r "$prefix/pids/nginx.pid" ] || read -r pid <"$prefix/pids/nginx.pid"
    case $pid in
      ('' | *[!0-9]* | "$$") return 1 ;;
    esac
    if [ -d /proc/self ]; then
      grep -q nginx "/proc/$pid/cmdline" 2>/dev/null
    else
      kill -0 "$pid" 2>/dev/null
    fi
  }

  # Moves the cache aside, under a name that is free.
  move_aside() {
    count=1
    while [ -e "$prefix/dbless.lmdb.$kind-$count" ]; do count=$((count + 1)); done
    aside=$prefix/dbless.lmdb.$kind-$count
    mv "$prefix/dbless.lmdb" "$aside" 2>/dev/null
  }

  # As "kong config parse", in a prefix of its own: in the real one it opens the cache, and wipes it where it is of
  # another minor version. The file gets a plain name: the command line of Kong breaks at an apostrophe in a path.
  parse() {
    scratch=$(mktemp -d 2>/dev/null)
    answer=$(
      path=$1
      if [ -n "$scratch" ] && mkdir "$scratch/prefix" && ln -s "$1" "$scratch/config.json"; then
        export "KONG_PREFIX=$scratch/prefix"
        path=$scratch/config.json
      fi
      bounded 300 kong config parse "$path" 2>&1 </dev/null
    )
    code=$?
    [ -z "$scratch" ] || rm -rf "$scratch"
  }

  # The settings on which it depends whether Kong takes a file.
  settings() {
    for name in plugins vaults lua_package_path lua_package_cpath router_flavor wasm wasm_filters_path role database; do
      setting=KONG_$(printf %s "$name" | tr '[:lower:]' '[:upper:]')
      eval "value=\${$setting-unset}"
      [ "$value" != unset ] || value=$(conf_value "$name")
      printf '%s|' "$value"
    done
  }

  # Whether this gateway takes the staged file. A file that it refuses would stop it from starting at all.
  taken() {
    conditions=$(settings | cksum)
    key="$staged_md5 ${version:-unknown} ${conditions%% *}"
    for memory in "$dir/checked" "$prefix/kong-resilience.checked"; do
      if lists "$memory" "$key ok"; then
        return 0
      elif lists "$memory" "$key refused"; then
        say "REFUSED: this gateway refused the handed-over configuration $staged_md5 before; to have it checked again, remove $memory"
        return 1
      fi
    done
    if ! command -v kong >/dev/null 2>&1; then
      say "the handed-over configuration $staged_md5 is not used: there is no kong on PATH to check it with"
      return 1
    fi
    parse "$staged"
    # Only this is about the file. Any other failure (of the environment, the time, the memory) is not remembered.
    case $code:$answer in
      (0:*) verdict=ok ;;
      (*"Failed parsing"*) verdict=refused ;;
      (*)
        say "the handed-over configuration $staged_md5 is not used: \"kong config parse\" could not check it (code $code); it says:"
        quote_kong
        return 1
        ;;
    esac
    memory=
    if writable "$dir"; then
      memory=$dir/checked
    elif writable "$prefix"; then
      memory=$prefix/kong-resilience.checked
    fi
    [ -z "$memory" ] || append "$memory" 1 "$key $verdict"
    [ "$verdict" != ok ] || return 0
    say "REFUSED: this gateway does not take the handed-over configuration $staged_md5, and starts without it; it says:"
    quote_kong
    return 1
  }

  bash_env=${BASH_ENV-}
  unset BASH_ENV ENV LUA_INIT
  if [ -n "$bash_env" ] && is_this_script "$bash_env"; then
    printf 'unset BASH_ENV\n'
  fi

  dir=${KONG_RESILIENCE_HANDOVER_DIR:-/var/lib/kong-resilience/handover}
  while [ "$dir" != "${dir%/}" ]; do dir=${dir%/}; done
  case $dir in
    (/*) ;;
    (*) dir=$PWD/$dir ;;
  esac
  staged=$dir/config.json
  handed_over=$dir/handed-over

  # What the environment names now: ours, or a file of the user; and the file of the user that kong.conf names, which
  # counts without a variable. Set and empty, the variable means no file at all.
  variable=${KONG_DECLARATIVE_CONFIG-}
  own=
  conf_own=$(conf_value declarative_config)
  [ -n "${KONG_DECLARATIVE_CONFIG-unset}${KONG_DECLARATIVE_CONFIG_FILE-}" ] || conf_own=
  if [ -n "${KONG_DECLARATIVE_CONFIG_FILE-}" ]; then
    [ -z "$variable" ] ||
      leave "KONG_DECLARATIVE_CONFIG and KONG_DECLARATIVE_CONFIG_FILE are both set, which Kong refuses; nothing is changed"
    [ -f "$KONG_DECLARATIVE_CONFIG_FILE" ] && [ -r "$KONG_DECLARATIVE_CONFIG_FILE" ] ||
      leave "KONG_DECLARATIVE_CONFIG_FILE cannot be read; nothing is changed"
    variable=$(cat "$KONG_DECLARATIVE_CONFIG_FILE")
  fi
  if [ "$variable" = "$staged" ] || [ "$variable" -ef "$staged" ] 2>/dev/null; then
    ours=yes
  else
    ours=
    own=$variable
  fi
  # Not for Kong itself: what it starts with is decided here.
  unset KONG_DECLARATIVE_CONFIG KONG_DECLARATIVE_CONFIG_FILE
  # As the entry point of the images will: the content of KONG_<OPTION>_FILE is KONG_<OPTION>.
  for name in $(env | sed -n 's/^\(KONG_[A-Z0-9_]*\)_FILE=.*$/\1/p'); do
    value=
    path=
    eval "value=\${$name-} path=\${${name}_FILE-}"
    if [ -z "$value" ] && [ -f "$path" ] && [ -r "$path" ]; then
      export "$name=$(cat "$path")"
    fi
  done

  reason="nothing is handed over in $dir"
  usable_file=
  if [ -d "$dir" ] && [ ! -x "$dir" ]; then
    reason="$dir cannot be read by this user ($(id -u)): give its group with KONG_RESILIENCE_HANDOVER_GROUP"
  elif [ -f "$staged" ] && [ ! -r "$staged" ]; then
    reason="$staged cannot be read by this user ($(id -u)): give its group with KONG_RESILIENCE_HANDOVER_GROUP"
  elif [ -f "$staged" ]; then
    usable_file=yes
  fi
  if [ -z "$usable_file" ]; then
    # A variable that names a missing file stops Kong.
    [ -z "$ours" ] || without_file "$reason; KONG_DECLARATIVE_CONFIG named it and is taken away"
    [ -n "$own$conf_own" ] || leave "$reason; the gateway starts as it would without it"
  fi

  prefix=$(prefix_of_command "$@")
  prefix=${prefix:-${KONG_PREFIX:-}}
  [ -n "$prefix" ] || prefix=$(conf_value prefix)
  prefix=${prefix:-/usr/local/kong}
  while [ "$prefix" != "${prefix%/}" ]; do prefix=${prefix%/}; done
  started_from=$prefix/kong-resilience.started-from

  # An encrypted cache (Enterprise) cannot be read from outside.
  encryption=${KONG_DECLARATIVE_CONFIG_ENCRYPTION_MODE:-$(conf_value declarative_config_encryption_mode)}
  case $encryption in
    ('' | off) ;;
    (*) leave "the gateway encrypts its cache: what it holds is not known, and nothing is changed" ;;
  esac

  reader=
  # shellcheck disable=SC3028 # only bash says which file is sourced; the others find the copy in the folder
  for candidate in "${BASH_SOURCE-}" "$0"; do
    if [ -n "$candidate" ] && is_this_script "$candidate"; then
      case $candidate in
        (*/*) candidate=${candidate%/*} ;;
        (*) candidate=. ;;
      esac
      [ ! -r "$candidate/cache.lua" ] || reader=$candidate/cache.lua
      break
    fi
  done
  reader=${reader:-$dir/cache.lua}
  [ -f "$reader" ] && [ -r "$reader" ] || leave "$reader is missing: the cache cannot be read, and nothing is changed"

  cache=
  for lua in luajit /usr/local/openresty/luajit/bin/luajit resty /usr/local/openresty/bin/resty; do
    command -v "$lua" >/dev/null 2>&1 || continue
    cache=$(bounded 20 "$lua" "$reader" "$prefix" 2>/dev/null </dev/null)
    [ -z "$cache" ] || break
  done
  kind=${cache%% *}
  detail=${cache#* }
  case $kind in
    (absent | empty | populated) ;;
    (cut | corrupt)
      damage="the cache in $prefix is $kind ($detail), and a gateway can die or fail of it"
      ! running || leave "$damage; one runs there, so nothing is changed"
      move_aside || leave "$damage; it cannot be moved aside: move $prefix/dbless.lmdb away"
      say "MOVED ASIDE: $damage; it is kept as $aside"
      ;;
    ('') leave "neither luajit nor resty could read the cache in $prefix: nothing is changed" ;;
    (*) leave "the cache in $prefix cannot be judged ($cache): nothing is changed" ;;
  esac

  version=$(bounded 30 kong version 2>/dev/null </dev/null)
  version=$(
    printf '%s\n' "$version" "${KONG_RESILIENCE_GATEWAY_VERSION-}" "${KONG_VERSION-}" |
      sed -n '/^[^0-9]*[0-9]\{1,\}\.[0-9]\{1,\}\.[0-9]/s/^[^0-9]*\([0-9.]*[0-9]\).*$/\1/p' | sed -n 1p
  )
  major=${version%%.*}
  minor=${version#*.}
  minor=${minor%%.*}

  staged_md5=
  if [ -n "$usable_file" ]; then
    # The list is written before the file is put in its place: a file whose MD5 it lacks is cut, or not ours.
    staged_md5=$(md5_of "$staged")
    if [ -z "$staged_md5" ]; then
      reason="the MD5 of $staged cannot be computed (no md5sum?), so it is not used"
      usable_file=
    elif ! lists "$handed_over" "$staged_md5"; then
      reason="$staged is not as it was handed over (its MD5 is not in $handed_over), so it is not used"
      usable_file=
    fi
    [ -n "$usable_file" ] || say "$reason"
  fi
  own_md5=$(md5_of "${own:-$conf_own}")

  # Where the configuration in the cache comes from: control-plane, handed-over or own; or why it does not count.
  origin=
  case $kind in
    (absent) why='there is no cache' ;;
    (empty) why='the cache is empty' ;;
    (cut | corrupt) why="the cache was $kind" ;;
    (populated)
      tag=${detail%% *}
      hash=${detail#* }
      [ -n "$version" ] || leave 'the version of this gateway is not known (no kong on PATH): whether its cache still counts is not known either, and nothing is changed'
      why="the cache is of $tag, and this is $version"
      # Before 3.6 a gateway writes no tag and looks for none.
      if [ "$tag" = - ] && [ "$major" -eq 3 ] && [ "$minor" -lt 6 ]; then
        tag=$major.$minor
      fi
      if [ "$tag" = "$major.$minor" ]; then
        origin=control-plane
        if lists "$handed_over" "$hash" || lists "$started_from" "$hash" handed-over; then
          origin=handed-over
        elif [ "$hash" = "$own_md5" ] || lists "$started_from" "$hash" own; then
          origin=own
        fi
      fi
      ;;
  esac

  case $origin in
    (control-plane)
      with_cache "starting with the cache ($hash), which is from a control plane"
      ;;
    (handed-over)
      if [ -n "$usable_file" ] && [ "$staged_md5" != "$hash" ] && taken; then
        with_staged "starting from $staged ($staged_md5): the cache ($hash) is from a file handed over earlier"
      fi
      with_cache "starting with the cache ($hash), which is from a file handed over"
      ;;
    (own)
      if [ -n "$usable_file" ] && [ "$staged_md5" != "$hash" ] && taken; then
        with_staged "starting from $staged ($staged_md5): the cache ($hash) is from a declarative file of the user"
      fi
      why="the cache ($hash) is from a declarative file of the user"
      ;;
    (*)
      if [ -n "$usable_file" ] && taken; then
        with_staged "starting from $staged ($staged_md5): $why"
      fi
      ;;
  esac
  # The file that the user named in the environment or in kong.conf stands, the last resort.
  note "$own_md5" own
  [ -z "$own" ] || leave "starting from $own, as KONG_DECLARATIVE_CONFIG says: $why, and nothing handed over is used"
  [ -z "$conf_own" ] || without_file "starting from $conf_own, as kong.conf says: $why, and nothing handed over is used"
  without_file "starting as without kong-resilience: $why, and nothing handed over is used"
)"
# Executed, and not sourced, when the script that the shell runs is this one. Built-in commands alone: the command
# starts also where nothing else is found.
eval "$(
  set +eu
  [ -f "$0" ] && [ -r "$0" ] && { read -r line && read -r line; } <"$0"
  if [ "${line-}" = '# kong-resilience start script' ]; then
    if [ "$#" -eq 0 ]; then
      echo 'kong-resilience: a command is missing: sh start.sh <command> [argument]...' >&2
      echo 'exit 2'
    else
      echo 'exec "$@"'
    fi
  fi
)"
:
