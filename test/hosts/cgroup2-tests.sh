#!/usr/bin/env bash
# The engine's tests and the main journey on a host with cgroup v2, PSI and Docker, under qemu (see cgroup2.sh).
#   cgroup2-tests.sh SOCKET [RESULT]   SOCKET: the engine whose images of the stack are taken along; RESULT: vitest's JSON report
# dist/ has to be built. Exits as vitest does in the guest.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d "${TMPDIR:-/var/tmp}/laptop-dev-job-XXXXXX")
trap 'rm -rf "$work"' EXIT
test/hosts/cgroup2.sh prepare
node test/hosts/images.mjs save "${1:-/var/run/docker.sock}" "$work/images.tar"
mkdir "$work/laptop-dev"
# With its modification times, by which the tests see that dist/ is current; without what only builds and checks need.
tar -c --exclude=./.git --exclude=./node_modules/@biomejs --exclude=./node_modules/@typescript --exclude=./node_modules/.vite \
  --exclude='./compose/**/node_modules' . | tar -x -C "$work/laptop-dev"
cp test/hosts/cgroup2/job "$work/job"
status=0
test/hosts/cgroup2.sh run "$work" 3G 2700 || status=$?
if [ -n "${2:-}" ] && [ -f "$work/result.json" ]; then cp "$work/result.json" "$2"; fi
exit "$status"
