#!/usr/bin/env bash
# The engine's tests and the main journey on Podman, installed if need be, as a service of its own beside whatever runs.
#   podman-tests.sh SOCKET RESULT [FILTER…]
# SOCKET: the engine whose images of the stack are taken over (has it none, Podman builds them); RESULT: where vitest's JSON report
# goes; FILTER: vitest's, instead of the usual tests. Exits as vitest does.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
engine=$1 result=$2
shift 2
if [[ $# = 0 ]]; then set -- test/on-engine/{containers,usage,one-off} test/e2e/journey; fi

run=$(mktemp -d)
socket=unix://$run/podman.sock
podman_engine() {
  DOCKER_HOST=$socket LAPTOP_DEV_ENGINE='' LAPTOP_DEV_ENGINE_RUN=$run LAPTOP_DEV_ENGINE_LOGS=$run scripts/engine.sh --yes --engine podman "$1"
}
trap 'podman_engine stop; rm -rf "$run"' EXIT
podman_engine ensure
if node test/hosts/images.mjs save "$engine" "$run/images.tar"; then
  node test/hosts/images.mjs load "$socket" "$run/images.tar"
  rm "$run/images.tar"
fi
# One end-to-end test at a time: Podman starts a process for each question.
LAPTOP_DEV_TEST_WORKERS=1 LAPTOP_DEV_ENGINE=$socket npx --no-install vitest run --reporter=default --reporter=json --outputFile.json="$result" "$@"
