#!/usr/bin/env bash
# Another Node for a run of the tests: prints the folder that belongs first on the PATH.
#   node.sh 24         the newest 24.x there is; 24.22.3 that one
# Fetched once by npm, which checks its integrity against the registry's. Kept where other users can run it, since tests do as another user;
# nobody else can write there. Where the registry does not answer, the newest that was fetched earlier will do.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

wanted=${1:-}
[[ $wanted =~ ^[0-9]+(\.[0-9]+){0,2}$ ]] || { echo "node.sh: a version of Node such as 24 or 24.1.0 is needed, not '$wanted'" >&2; exit 2; }
case $(uname -m) in
  x86_64) architecture=x64 ;;
  aarch64) architecture=arm64 ;;
  *) echo "node.sh: there is no Node of npm for $(uname -m)" >&2; exit 4 ;;
esac
package=node-linux-$architecture
cache=/var/tmp/laptop-dev-node-$UID
mkdir -p -m 755 "$cache"
[[ -O $cache && ! -L $cache ]] || { echo "node.sh: $cache is not yours; remove it" >&2; exit 4; }

# The versions that fit on stdin, one a line: the newest.
newest() { grep -E "^${wanted//./\\.}(\.[0-9]+)*$" | sort -V | tail -n 1; }

version=$(npm view "$package" versions --json 2> /dev/null | tr -d '[]", ' | newest || true)
if [[ -z $version && -d $cache ]]; then version=$(find "$cache" -mindepth 1 -maxdepth 1 -printf '%f\n' | newest || true); fi
[[ -n $version ]] || { echo "node.sh: no Node $wanted at the registry (npm view $package), and none in $cache" >&2; exit 4; }

if [[ ! -x $cache/$version/bin/node ]]; then
  # Made beside its place and moved: two that fetch at once do no harm, and what is there is whole.
  fetched=$(mktemp -d "$cache/.fetch-XXXXXX")
  trap 'rm -rf "$fetched"' EXIT
  (cd "$fetched" && npm pack --silent "$package@$version" > /dev/null && mkdir node && tar -xzf ./*.tgz -C node --strip-components=1 package/bin)
  chmod -R go=rX "$fetched/node"
  mv -T "$fetched/node" "$cache/$version" 2> /dev/null || [[ -x $cache/$version/bin/node ]]
fi
echo "$cache/$version/bin"
