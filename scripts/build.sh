#!/usr/bin/env bash
# Makes the images of the built-in stack, as `up` does by itself when they are missing or out of date.
#   build.sh [--rebuild] [base] [api] [postgres] [redis] [nft]      nothing named: all of them
set -euo pipefail

root=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
declare -A folders=()
for file in "$root"/compose/{images,services}/*/Dockerfile; do
  folder=$(dirname "$file")
  folders[$(basename "$folder")]=$folder
done

names=() options=()
for word in "$@"; do
  case $word in
    -h | --help) sed -n '2,3s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;;
    --rebuild) options+=(--rebuild) ;;
    base) names+=(base) ;;
    -*) echo "build.sh: unknown option $word; --help shows what there is" >&2; exit 2 ;;
    *)
      if [[ -z ${folders[$word]:-} ]]; then
        echo "build.sh: there is no image $word; known: base ${!folders[*]}" >&2
        exit 2
      fi
      names+=("$word=${folders[$word]}")
      ;;
  esac
done
if ((${#names[@]} == 0)); then
  names=(base)
  for name in "${!folders[@]}"; do names+=("$name=${folders[$name]}"); done
fi

"$root/scripts/laptop-dev.sh" version > /dev/null # packages and build, where they are missing or old
"$root/scripts/engine.sh" ensure
LAPTOP_DEV_ENGINE=$("$root/scripts/engine.sh" address) exec node "$root/dist/images/build/build-main.js" "${names[@]}" "${options[@]}"
