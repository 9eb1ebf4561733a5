#!/usr/bin/env bash
# Sets the database up on the first start, then becomes postgres. Honours the variables of the official image:
# POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB, POSTGRES_INITDB_ARGS (each also as NAME_FILE), POSTGRES_HOST_AUTH_METHOD,
# PGDATA, and /docker-entrypoint-initdb.d/*.{sh,sql,sql.gz}.
set -euo pipefail

# from_file NAME DEFAULT: exports NAME from itself, or from the file that NAME_FILE names, or the default.
from_file() {
  local name=$1 file_name="${1}_FILE" value=${2:-}
  if [[ -n ${!name:-} && -n ${!file_name:-} ]]; then
    echo "entrypoint: both $name and $file_name are set; set one of them" >&2
    exit 1
  fi
  if [[ -n ${!name:-} ]]; then value=${!name}; elif [[ -n ${!file_name:-} ]]; then value=$(< "${!file_name}"); fi
  export "$name=$value"
  unset "$file_name"
}

run_init_scripts() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    # shellcheck source=/dev/null
    case $file in
      *.sh) if [[ -x $file ]]; then "$file"; else source "$file"; fi ;;
      *.sql) sql --dbname "$POSTGRES_DB" < "$file" ;;
      *.sql.gz) gunzip -c "$file" | sql --dbname "$POSTGRES_DB" ;;
      *) continue ;;
    esac
    echo "entrypoint: ran $file" >&2
  done
}

sql() {
  PGHOST=/tmp PGPASSWORD=$POSTGRES_PASSWORD psql -v ON_ERROR_STOP=1 --no-psqlrc --quiet --username "$POSTGRES_USER" --no-password "$@"
}

initialise() {
  local method=${POSTGRES_HOST_AUTH_METHOD:-scram-sha-256}
  local -a extra=()
  if [[ -z $POSTGRES_PASSWORD && $method != trust ]]; then
    echo 'entrypoint: no password. Set POSTGRES_PASSWORD, or POSTGRES_HOST_AUTH_METHOD=trust to allow every connection without one' >&2
    exit 1
  fi
  [[ -n $POSTGRES_INITDB_ARGS ]] && eval "extra=($POSTGRES_INITDB_ARGS)" # words and quotes, as the official image reads them
  if [[ -n $POSTGRES_PASSWORD ]]; then extra+=("--pwfile=$PGDATA.password"); fi
  (umask 077 && printf '%s\n' "$POSTGRES_PASSWORD" > "$PGDATA.password")
  # trust: from inside the container, as in the official image; everybody else falls under the line below
  initdb --username="$POSTGRES_USER" --auth=trust "${extra[@]}"
  rm "$PGDATA.password"
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"

  # On the socket only: the health check asks over TCP, so nobody takes this server for the real one.
  pg_ctl --silent --wait -o "-c listen_addresses='' -c unix_socket_directories=/tmp -p ${PGPORT:-5432}" start
  if ! sql --dbname postgres --tuples-only -c "SELECT 1 FROM pg_database WHERE datname = '${POSTGRES_DB//\'/\'\'}'" | grep -q 1; then
    sql --dbname postgres --set db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
  fi
  run_init_scripts
  pg_ctl --silent --wait --mode fast stop
}

# postgres' own options alone, as in `command: ["-c", "shared_buffers=64MB"]`
if [[ ${1:-} == -* ]]; then set -- postgres "$@"; fi
if [[ ${1:-} != postgres ]]; then exec "$@"; fi

from_file POSTGRES_USER postgres
from_file POSTGRES_PASSWORD
from_file POSTGRES_DB "$POSTGRES_USER"
from_file POSTGRES_INITDB_ARGS

# As root (user: "0:0"): gives the folder to postgres, whoever it belonged to, and goes on as postgres, as the official image does.
if [[ $(id -u) == 0 ]]; then
  mkdir -p "$PGDATA"
  find "$PGDATA" \! -user postgres -exec chown -h postgres:postgres {} +
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- bash "$0" "$@"
fi

# The server takes a folder only that is its own. Of one that belongs to another, such as a tmpfs, it can use a folder inside.
if [[ -e $PGDATA && ! -O $PGDATA ]]; then
  owner=$(stat -c 'user %u, mode %a' "$PGDATA")
  PGDATA=$PGDATA/pgdata
  if ! mkdir -p "$PGDATA" 2>/dev/null || [[ ! -O $PGDATA ]]; then
    echo "entrypoint: ${PGDATA%/pgdata} cannot be used by user $(id -u): it belongs to $owner." >&2
    echo "entrypoint: give it to that user (tmpfs: add uid=$(id -u); volume: chown), or run the service as user: \"0:0\" to have it done at the start" >&2
    exit 1
  fi
  export PGDATA
fi

if [[ ! -s $PGDATA/PG_VERSION ]]; then
  # Made in a folder beside, then moved with PG_VERSION last: a kill half-way is begun anew, never taken for a database.
  target=$PGDATA
  new=$target/.initialising
  if [[ -e $new ]]; then find "$target" -mindepth 1 -maxdepth 1 -exec rm -rf {} +; fi
  mkdir -p "$new"
  chmod 0700 "$target" "$new"
  PGDATA=$new initialise
  find "$new" -mindepth 1 -maxdepth 1 ! -name PG_VERSION -exec mv -t "$target" {} +
  mv "$new/PG_VERSION" "$target/PG_VERSION"
  rmdir "$new"
  echo 'entrypoint: database set up' >&2
fi
chmod 0700 "$PGDATA" 2>/dev/null || true
unset POSTGRES_PASSWORD

# These first, so that the same settings among the arguments win. The socket is in /tmp because that is writable for everybody
# under every engine; a tmpfs on /run/postgresql has lost its mode by the second start (runc) or the first (Podman).
shift
exec postgres -c listen_addresses='*' -c unix_socket_directories=/tmp "$@"
