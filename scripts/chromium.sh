#!/usr/bin/env bash
# Prints the path of a Chromium for the tests of the web view, which is installed first where there is none (as root, on Debian or Ubuntu;
# half a minute). LAPTOP_DEV_CHROMIUM names another one.
set -euo pipefail
case ${1:-} in
  '') ;;
  -h | --help) sed -n '2,3s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
  *) echo "chromium.sh: takes no arguments; --help says what it does" >&2; exit 2 ;;
esac

find_one() {
  local name
  for name in "${LAPTOP_DEV_CHROMIUM:-}" chromium chromium-browser google-chrome; do
    if [[ -n $name ]] && command -v "$name"; then return; fi
  done
  return 1
}

find_one && exit
if ((EUID != 0)) || ! command -v apt-get > /dev/null; then
  echo 'chromium.sh: install Chromium (Debian: apt-get install chromium), or name one with LAPTOP_DEV_CHROMIUM.' >&2
  exit 1
fi
{
  apt-get update
  DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends chromium
} > /dev/null
find_one
