#!/usr/bin/env bash
# laptop-dev from a clone: sets up what is missing (packages, build), says so in a line each, then runs the program where you
# are. With nothing to do it adds a few milliseconds. From any folder, through any link.
set -euo pipefail

self="${BASH_SOURCE[0]}"
while [[ -L "$self" ]]; do
  target="$(readlink "$self")"
  [[ "$target" == /* ]] || target="$(dirname "$self")/$target"
  self="$target"
done
[[ "$self" == */* ]] || self="./$self"
root="$(cd "${self%/*}/.." && pwd -P)"

say() { printf 'laptop-dev: %s\n' "$1" >&2; }
stop() {
  say "$1"
  exit 4
}

# Packages are as package-lock.json has them: our copy of it tells, else the time at which npm last wrote its own record.
packages_stale() {
  cmp -s "$root/package-lock.json" "$root/node_modules/.laptop-dev-lock" && return 1
  local wanted installed
  installed="$(stat -c %Y "$root/node_modules/.package-lock.json" 2>/dev/null)" || return 0
  wanted="$(stat -c %Y "$root/package-lock.json")"
  ((wanted > installed + 5))
}

# The stamp is set before a build begins: what is saved while it runs is built the next time.
build_stale() {
  [[ ! -e "$root/dist/.stamp" || ! -e "$root/dist/cli/bin.js" ]] ||
    [[ -n "$(find "$root/daemon" "$root/tsconfig.json" "$root/tsconfig.build.json" -newer "$root/dist/.stamp" -print -quit)" ]]
}

check_node() {
  local major minor rest
  IFS=. read -r major minor rest < <(node -p process.versions.node)
  if ((major < 20 || (major == 20 && minor < 19))); then
    stop "Node.js 20.19 or later is needed; this is $major.$minor.${rest:-0} ($(command -v node))."
  fi
}

# The last lines of a command that failed; nothing of one that went well.
quietly() {
  local log
  log="$(mktemp)"
  if ! "$@" >"$log" 2>&1; then
    tail -n 30 "$log" >&2
    rm -f "$log"
    return 1
  fi
  rm -f "$log"
}

install_packages() {
  command -v npm >/dev/null || stop 'npm is needed to set up; it comes with Node.js (Debian and Ubuntu: apt install npm).'
  # npm ci empties the folder first: through a link that would be somebody else's.
  [[ ! -L $root/node_modules ]] || stop "$root/node_modules is a link, and what it leads to does not fit package-lock.json: run npm ci there."
  say 'installing packages (npm ci, about half a minute) …'
  # No scripts of packages are run, and the build needs the development packages (the compiler).
  (cd "$root" && quietly npm ci --ignore-scripts --include=dev --no-audit --no-fund) || stop 'npm ci failed; its last words are above.'
  cp "$root/package-lock.json" "$root/node_modules/.laptop-dev-lock"
  rm -f "$root/dist/.stamp"
}

build() {
  say 'building …'
  touch "$root/dist/.building"
  (cd "$root" && quietly npm run --silent build) || stop 'the build failed; its last words are above.'
  mv "$root/dist/.building" "$root/dist/.stamp"
}

set_up() {
  check_node
  mkdir -p "$root/dist"
  # Two terminals at once: the second waits, and then finds nothing left to do.
  if command -v flock >/dev/null; then
    exec 9>"$root/dist/.lock"
    flock 9
  fi
  if packages_stale; then install_packages; fi
  if build_stale; then build; fi
  exec 9>&-
}

command -v node >/dev/null || stop 'Node.js 20.19 or later is needed and there is none on the PATH (https://nodejs.org, or nvm install 20).'
# An installed package has a build and no sources.
if [[ -d "$root/daemon" ]] && { packages_stale || build_stale; }; then set_up; fi
exec node "$root/dist/cli/bin.js" "$@"
