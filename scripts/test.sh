#!/usr/bin/env bash
# All tests, from a machine with nothing but Node: installs packages, checks, builds, sees to an engine, runs the tests against it.
#   test.sh            checks and unit tests, then engine and end-to-end tests
#   test.sh --unit     only the first: no engine
#   test.sh --deep     the property suites, traces, races and kill rounds whole, instead of the share that the others take (an hour and more)
#   test.sh --hosts    also on Podman, and on a host with cgroup v2 under qemu (as root, on Debian; the first time 2 minutes more)
#   test.sh --node 24  with another Node than the one on the PATH (24, 24.1.0): fetched once by npm, see scripts/node.sh
# A stage that fails does not keep the others from running. The last line is `N passed, N failed` over all stages; the exit code
# says whether all is well. An engine that this started is stopped at the end. Chromium is installed where there is none (as root, on
# Debian; half a minute): the web view is tested in it.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

unit_only='' hosts='' node=''
for word in "$@"; do
  if [[ $node == next ]]; then node=$word; continue; fi
  case $word in
    --unit) unit_only=1 ;;
    --hosts) hosts=1 ;;
    --node) node=next ;;
    --deep) export LAPTOP_DEV_TEST_DEEP=1 ;;
    -h | --help) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 0 ;;
    *) echo "test.sh: unknown option $word; --help shows what there is" >&2; exit 2 ;;
  esac
done

# What tests start by process.execPath is this Node too.
if [[ -n $node ]]; then PATH=$(scripts/node.sh "$node"):$PATH; fi
echo "Node $(node -v)"

# Each commit tries other cases, the same in each run of it.
: "${LAPTOP_DEV_TEST_SEED:=$((16#$(git rev-parse HEAD 2> /dev/null | cut -c1-5 || echo 1)))}"
export LAPTOP_DEV_TEST_SEED
echo "seed $LAPTOP_DEV_TEST_SEED (LAPTOP_DEV_TEST_SEED=$LAPTOP_DEV_TEST_SEED has the cases of this run again)"

results=$(mktemp -d)
started_engine='' beside=''

stop_engine() {
  if [[ -n $started_engine ]]; then scripts/engine.sh stop || true; fi
  started_engine=''
}
trap 'stop_beside; stop_engine; rm -rf "$results"' EXIT
trap 'exit 130' INT TERM

# stage NAME COMMAND…: runs it, notes its status and time. The command leaves vitest's JSON report in $results/NAME.json, if any.
stage() {
  local name=$1 status=0 began=$SECONDS
  shift
  printf '\n── %s\n' "$name"
  "$@" < /dev/null || status=$?
  printf '%s %s %s\n' "$name" "$status" "$((SECONDS - began))" >> "$results/stages"
  return "$status"
}

# beside COMMAND…: stages that run while others do, when they leave a processor idle; `joined` waits for them and shows what they said.
beside() {
  set -m # a process group of its own
  (renice -n 10 "$BASHPID" > /dev/null && "$@") > "$results/beside.log" 2>&1 &
  beside=$!
  set +m
}

joined() {
  wait "$beside" || true
  beside=''
  cat "$results/beside.log"
}

stop_beside() {
  if [[ -n $beside ]]; then kill -- "-$beside" 2> /dev/null || true; fi
}

# report NAME: arguments that make vitest write its report for this stage, beside its usual words.
report() { printf -- '--reporter=default\n--reporter=json\n--outputFile.json=%s/%s.json\n' "$results" "$1"; }

# A run that was killed may have left redirects of ports in the kernel: whoever connects there now would reach nobody.
sweep() {
  nft list tables ip 2> /dev/null | sed -n 's/^table ip \(laptop_dev_test[0-9a-f]*\)$/\1/p' | while read -r table; do nft delete table ip "$table"; done || true
}

setup() { scripts/laptop-dev.sh completion bash > /dev/null; } # the program as people start it sees to packages and build

check() {
  local -a to
  mapfile -t to < <(report check)
  scripts/check.sh -- "${to[@]}"
}

engine_up() {
  if scripts/engine.sh status; then return; fi
  scripts/engine.sh --yes ensure || return
  started_engine=1
}

tests() {
  local -a to
  mapfile -t to < <(report tests)
  LAPTOP_DEV_ENGINE=$1 npx --no-install vitest run --project engine --project e2e --project e2e-alone "${to[@]}"
}

# on_node VERSION NAME VITEST-ARGUMENT…: with another Node than this run's. The engine is at $LAPTOP_DEV_ENGINE.
on_node() {
  local bin
  local -a to
  bin=$(scripts/node.sh "$1") || return
  mapfile -t to < <(report "$2")
  PATH=$bin:$PATH LAPTOP_DEV_TEST_FAST=1 npx --no-install vitest run "${@:3}" "${to[@]}"
}

# 24 is recommended. 26 names processes otherwise, and what looks at them has failed with it.
other_nodes() {
  stage node24 on_node 24 node24 --project unit || true
  stage node26 on_node 26 node26 --project unit test/files test/platform || true
}

summary() {
  node --input-type=module -e '
    import { existsSync, readFileSync } from "node:fs";
    const folder = process.argv[1];
    let passed = 0, failed = 0;
    const failures = [], files = [];
    console.log("");
    for (const line of readFileSync(`${folder}/stages`, "utf8").trim().split("\n")) {
      const [name, status, seconds] = line.split(" ");
      const file = `${folder}/${name}.json`;
      const report = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { numPassedTests: 0, numFailedTests: 0 };
      // A stage may fail without a test that did: then the stage itself is what has failed.
      const bad = report.numFailedTests || (status === "0" ? 0 : 1);
      passed += report.numPassedTests;
      failed += bad;
      for (const { name: path, message, assertionResults, startTime, endTime } of report.testResults ?? []) {
        files.push({ path, name, ms: endTime - startTime });
        if (message) failures.push(`${name}: ${path}\n${message}`);
        for (const { status, fullName, failureMessages } of assertionResults) {
          if (status === "failed") failures.push(`${name}: ${fullName}\n${(failureMessages ?? []).join("\n")}`);
        }
      }
      console.log(`${name.padEnd(10)} ${String(report.numPassedTests).padStart(5)} passed ${String(bad).padStart(4)} failed ${seconds.padStart(6)} s`);
    }
    const here = path => path.replace(`${process.cwd()}/`, "");
    const slowest = files.sort((a, b) => b.ms - a.ms).slice(0, 10);
    console.log(`\nThe slowest files:\n${slowest.map(({ path, ms }) => `${(ms / 1_000).toFixed(1).padStart(7)} s  ${here(path)}`).join("\n")}`);
    // Again at the end: who reads only the last lines of a long run sees what failed.
    for (const text of failures) console.log(`\nFAILED ${text.split("\n").slice(0, 12).join("\n")}`);
    console.log(`${passed} passed, ${failed} failed`);
    process.exitCode = failed === 0 ? 0 : 1;
  ' "$results"
}

sweep
if stage setup setup; then
  stage check check || true
  if [[ -z $unit_only ]] && stage engine engine_up; then
    address=$(scripts/engine.sh address)
    scripts/chromium.sh > /dev/null || true # the tests that need it say so
    # Mostly waits for packages. A failure is the stage's that needs it.
    if [[ -n $hosts ]]; then beside test/hosts/cgroup2.sh prepare; fi
    stage tests tests "$address" || true
    if [[ -n $hosts ]]; then
      joined
      stage podman test/hosts/podman-tests.sh "$address" "$results/podman.json" || true
      beside other_nodes
      stage cgroup2 test/hosts/cgroup2-tests.sh "$address" "$results/cgroup2.json" || true
      joined
      LAPTOP_DEV_ENGINE=$address stage journey24 on_node 24 journey24 --project e2e test/e2e/journey || true
    fi
  fi
fi
stop_engine
summary
