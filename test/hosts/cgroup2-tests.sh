#!/usr/bin/env bash
# What depends on how the kernel counts and limits memory, and the main journey or the host's pressure, on a host with cgroup v2, PSI and Docker, under qemu (see cgroup2.sh).
#   cgroup2-tests.sh SOCKET RESULT [FILTER…]
# SOCKET: the engine whose images of the stack are taken along; RESULT: where vitest's JSON report goes; FILTER: vitest's, instead of
# the usual tests. Exits as vitest does in the guest.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

work=$(mktemp -d "${TMPDIR:-/var/tmp}/laptop-dev-job-XXXXXX")
loader=''
trap '[[ -z $loader ]] || { kill "$loader" 2> /dev/null; wait "$loader"; } || true; rm -rf "$work"' EXIT
engine=$1 result=$2
shift 2
if [[ $# = 0 ]]; then
  set -- test/on-engine/containers-{oom,resize} test/on-engine/usage-figures test/on-engine/wsl-reclaim
  if [[ ${LAPTOP_DEV_TEST_DEEP:-} = 1 ]]; then
    set -- "$@" test/e2e/{journey,pressure-psi,arbiter,oom}
  else
    # Either takes as long as all of the others, emulated: one of them by the seed. How limits move and what is killed there, the others have.
    long=(journey pressure-psi)
    set -- "$@" "test/e2e/${long[${LAPTOP_DEV_TEST_SEED:-0} % 2]}"
  fi
fi

# images ENGINE: the stack's images, in $work/docker as the guest's engine keeps them; or as $work/images.tar, which the guest loads, taking
# minutes where all is emulated. An engine of another version than the guest's may keep them in another way.
images() {
  mkdir "$work/docker" "$work/run"
  node test/hosts/images.mjs save "$1" "$work/images.tar"
  if [[ $(dockerd --version 2> /dev/null) != "$(test/hosts/cgroup2.sh engine)" ]]; then return; fi
  echo '{}' > "$work/run/daemon.json" # instead of this machine's own
  # In a network of its own: a dockerd without a bridge removes that of another one.
  unshare --net dockerd --data-root "$work/docker" --exec-root "$work/run/exec" --pidfile "$work/run/pid" --host "unix://$work/run/socket" \
    --config-file "$work/run/daemon.json" --bridge none --iptables=false --ip-forward=false --storage-driver overlay2 > "$work/run/log" 2>&1 &
  loader=$!
  until [[ -S $work/run/socket ]] || ! kill -0 "$loader" 2> /dev/null; do sleep 0.1; done
  if node test/hosts/images.mjs load "$work/run/socket" "$work/images.tar"; then rm "$work/images.tar"; fi
  kill "$loader" 2> /dev/null || true
  wait "$loader" || true
  loader=''
  if [[ -f $work/images.tar ]]; then # half of them would be worse than none
    cat "$work/run/log" >&2
    find "$work/docker" -mindepth 1 -delete
  fi
  rm -rf "$work/run"
}

scripts/laptop-dev.sh completion bash > /dev/null # packages and build
test/hosts/cgroup2.sh prepare
mkdir "$work/laptop-dev"
images "$engine"
# Without what only builds and checks need. 1: a file changed while it was read, which somebody who goes on working does not mind.
{ tar -c --exclude={./.git,./node_modules/@biomejs,./node_modules/@typescript,./node_modules/.vite,'./compose/**/node_modules'} . ||
  [[ $? = 1 ]]; } | tar -x -C "$work/laptop-dev"
# The guest has no npm: what has been built here is what it tests.
cp package-lock.json "$work/laptop-dev/node_modules/.laptop-dev-lock"
touch "$work/laptop-dev/dist/.stamp"
cp test/hosts/cgroup2/job "$work/job"
echo "$*" > "$work/filters"
status=0
test/hosts/cgroup2.sh run "$work" 4G 2700 || status=$?
if [[ -f $work/result.json ]]; then cp "$work/result.json" "$result"; fi
exit "$status"
