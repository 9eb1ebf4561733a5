#!/usr/bin/env bash
# What needs no engine: Biome, tsc for the program and for the web page, knip, and the unit tests.
#   check.sh                 all of it
#   check.sh --fast          without knip, Biome for what differs from the last commit, the least runs of a property that say anything,
#                            a part of long tables: for between two edits
#   check.sh ROOM…           the types, and the tests of these rooms: check.sh scheduler config/compose
#   … -- ARGS…               ARGS for vitest
# Exits with 1 when anything has something to say; the tests run in any case.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/.."

fast='' rooms=()
while [[ $# -gt 0 ]]; do
  case $1 in
    -h | --help) sed -n '2,8s/^# \{0,1\}//p' "$0"; exit 0 ;;
    --fast) fast=1 ;;
    --) shift; break ;;
    -*) echo "check.sh: unknown option $1; --help shows what there is" >&2; exit 2 ;;
    *)
      [[ -d test/$1 ]] || { echo "check.sh: there is no test/$1; rooms are the folders of test/" >&2; exit 2; }
      rooms+=("test/$1/")
      ;;
  esac
  shift
done

# Not through npx, which takes half a second each time.
bin=node_modules/.bin
said=$(mktemp -d)
trap 'rm -rf "$said"' EXIT
pids=()
# beside NAME COMMAND…: runs it beside the tests; what it says is shown after them, where it failed.
beside() {
  local name=$1
  shift
  "$bin/$1" "${@:2}" > "$said/$name" 2>&1 &
  pids+=("$name:$!")
}

# types NAME PROJECT: a check from scratch is 9 s of CPU, one of what has changed since the last 2. Its notes are in files that git ignores.
# One checker: each of several looks at the libraries' types again, and the tests have the other cores.
types() { beside "$1" tsc --noEmit --incremental --checkers 1 --tsBuildInfoFile ".$1.tsbuildinfo" -p "$2"; }

# The files that differ from the last commit, untracked ones too, are in `changed`. Fails where all are to be looked at: this is no clone, or the rules differ.
differing() {
  changed=()
  local each
  git rev-parse --verify --quiet HEAD > /dev/null 2>&1 || return 1
  while IFS= read -r -d '' each; do
    [[ $each != biome.json && $each != package-lock.json ]] || return 1
    [[ ! -f $each || -L $each ]] || changed+=("$each")
  done < <(git diff --name-only --relative --no-renames -z HEAD && git ls-files -o --exclude-standard -z)
}

types tsc .
if [[ ${#rooms[@]} = 0 ]]; then
  if [[ -n $fast ]] && differing; then
    [[ ${#changed[@]} = 0 ]] || beside biome biome check --no-errors-on-unmatched -- "${changed[@]}"
  else
    beside biome biome check .
  fi
  types web daemon/ui/web
  [[ -n $fast ]] || beside knip knip
fi
[[ -z $fast ]] || export LAPTOP_DEV_TEST_FAST=1

status=0
# What was compiled once is not compiled again: a fifth of the time of a second run. Not where a project has a global setup: Vitest 4.1 ends with a TypeError.
"$bin/vitest" run --experimental.fsModuleCache --project unit "${rooms[@]}" "$@" || status=1
for each in "${pids[@]}"; do
  wait "${each#*:}" && continue
  status=1
  printf '\n── %s\n' "${each%%:*}"
  cat "$said/${each%%:*}"
done
exit "$status"
