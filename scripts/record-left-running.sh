#!/usr/bin/env bash
# Records what the daemon of a build leaves running, for test/runtime/left-running.test.ts.
#   record-left-running.sh BUILD FOLDER
# BUILD: a checkout of that version after `npm run build`; FOLDER: where the recording goes. Needs an engine with the image
# laptop-dev/redis:latest (scripts/build.sh redis), and docker; LAPTOP_DEV_ENGINE names the engine, as for the daemon. What it starts is
# taken down again.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,6s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
[[ $# = 2 ]] || { echo "record-left-running.sh: BUILD and FOLDER are needed; --help says what they are" >&2; exit 2; }

program=$(readlink -f "$1")/dist/cli/bin.js
into=$(readlink -m "$2")
export LAPTOP_DEV_ENGINE=${LAPTOP_DEV_ENGINE:-unix:///var/run/docker.sock}
export DOCKER_HOST=$LAPTOP_DEV_ENGINE
# Always the same, so that recordings can be compared: labels and definitions name it.
root=/tmp/laptop-dev-recording
mkdir -m 700 "$root"
mkdir -m 700 "$root/state"
mkdir "$root/shop" "$root/home"
export LAPTOP_DEV_STATE=$root/state LAPTOP_DEV_SOCKET=$root/d.sock HOME=$root/home

cd "$root/shop"
cat > compose.yaml << 'END'
name: recorded
services:
  cache:
    image: laptop-dev/redis:latest
    ports: ["127.0.0.1:26379:6379"]
    mem_limit: 64m
  worker:
    image: laptop-dev/redis:latest
    command: ["sleep", "3600"]
    mem_limit: 32m
    volumes: ["data:/data"]
  once:
    image: laptop-dev/redis:latest
    command: ["true"]
    mem_limit: 32m
    restart: "no"
volumes: { data: {} }
END
cat > laptop-dev.yaml << 'END'
name: dev
compose: compose.yaml
services:
  cache: { start: on-demand, idle: 1h, memory: { standard: 32MB, maximum: 64MB } }
  worker: { start: eager }
  once: { start: eager }
END

laptop_dev() { node "$program" "$@"; }
clear() {
  if laptop_dev daemon start && laptop_dev down --volumes --yes && laptop_dev daemon stop; then rm -rf "$root"; fi
}
trap clear EXIT

laptop_dev up
# The first connection wakes it.
exec 3<> /dev/tcp/127.0.0.1/26379
printf 'PING\r\n' >&3
head -n 1 <&3
exec 3>&-
laptop_dev pin worker
mkdir -p "$into"
laptop_dev ps --all --json > "$into/ps.json"
laptop_dev daemon stop
cp "$root/state/state.json" "$into/"
mkdir -p "$into/shop"
cp compose.yaml laptop-dev.yaml "$into/shop/"
docker ps --all --quiet --filter label=com.docker.compose.project=recorded | xargs docker inspect > "$into/inspect.json"
