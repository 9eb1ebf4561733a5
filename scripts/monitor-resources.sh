#!/usr/bin/env bash
# The dashboard: what runs, what it costs, what sleeps next. Takes the options of `laptop-dev dashboard`.
set -euo pipefail
self="$(readlink -f "${BASH_SOURCE[0]}")"
exec "${self%/*}/laptop-dev.sh" dashboard "$@"
