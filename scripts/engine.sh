#!/usr/bin/env bash
# Sees to a container engine: finds the one that answers, starts the one that is installed, installs the distribution's.
# docs/engine.md tells which sockets are looked at, what is started how, and where log and PID file are.
set -euo pipefail

usage() {
  cat << 'TEXT'
engine.sh [--engine docker|podman] [--yes] ensure|start|stop|status|address|install
  ensure   an engine answers: does nothing. Else starts the installed one, or installs it first
  start    starts the installed engine    stop     ends the engine that this script started, no other
  status   which engine answers, where    address  its URL alone
  install  installs docker.io with nftables (or podman) from the distribution
  --yes    does not ask before it uses sudo
Exit: 0 done · 2 usage · 4 no engine, with what to do.  LAPTOP_DEV_DOCKERD_ARGS: more arguments for dockerd.
TEXT
}

SELF=$(readlink -f "${BASH_SOURCE[0]}")
ENGINE='' YES=${LAPTOP_DEV_YES:-} VERB=''
while (($# > 0)); do
  case $1 in
    --engine) ENGINE=${2:-}; shift ;;
    --engine=*) ENGINE=${1#*=} ;;
    --yes | -y) YES=1 ;;
    -h | --help) usage; exit 0 ;;
    ensure | start | stop | status | address | install) VERB=$1 ;;
    *) usage >&2; exit 2 ;;
  esac
  shift
done
case ${LAPTOP_DEV_ENGINE:-} in docker | podman) ENGINE=${ENGINE:-$LAPTOP_DEV_ENGINE} ;; esac
case $ENGINE in '' | docker | podman) ;; *) usage >&2; exit 2 ;; esac
[[ -n $VERB ]] || { usage >&2; exit 2; }
PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin # where dockerd and iptables are, for users too

if ((EUID == 0)); then
  RUN=${LAPTOP_DEV_ENGINE_RUN:-/run/laptop-dev-engine}
  LOGS=${LAPTOP_DEV_ENGINE_LOGS:-/var/log/laptop-dev-engine}
else
  RUN=${LAPTOP_DEV_ENGINE_RUN:-${XDG_RUNTIME_DIR:-/tmp/laptop-dev-$EUID}/laptop-dev-engine}
  LOGS=${LAPTOP_DEV_ENGINE_LOGS:-${XDG_STATE_HOME:-$HOME/.local/state}/laptop-dev}
fi

say() { printf 'engine: %s\n' "$*" >&2; }
fail() { say "$@"; exit 4; }
has() { command -v "$1" > /dev/null 2>&1; }

# shellcheck source=scripts/engine/find.sh
source "${SELF%.sh}/find.sh"
# shellcheck source=scripts/engine/start.sh
source "${SELF%.sh}/start.sh"

# --- as root ----------------------------------------------------------------------------------------------------------

# as_root WHAT VERB: says what, asks, and runs this script once more through sudo.
as_root() {
  local answer=y
  local -a command=(env "LAPTOP_DEV_DOCKERD_ARGS=${LAPTOP_DEV_DOCKERD_ARGS:-}" bash "$SELF" --engine "${ENGINE:-docker}" "$2")
  has sudo || fail "$1 needs root, and there is no sudo. As root: $SELF --engine ${ENGINE:-docker} $2"
  if [[ -z $YES ]]; then
    [[ -t 0 && -t 2 ]] || fail "$1 needs root. Run: sudo $SELF --engine ${ENGINE:-docker} $2"
    read -r -p "engine: $1 needs root: sudo $SELF --engine ${ENGINE:-docker} $2 ? [Y/n] " answer
  fi
  [[ ${answer:-y} == [Yy]* ]] || fail "not done. By hand: sudo $SELF --engine ${ENGINE:-docker} $2"
  sudo "${command[@]}"
}

# --- install ----------------------------------------------------------------------------------------------------------

install_engine() {
  local -a names=(docker.io iptables nftables ca-certificates) # nftables: for the kernel path (docs/activation.md)
  # What Podman only recommends and services need: catatonit for init, netavark and aardvark-dns for names, the rest without root.
  if [[ ${ENGINE:-docker} == podman ]]; then names=(podman runc catatonit netavark aardvark-dns uidmap slirp4netns); fi
  if [[ -e /sys/module/apparmor/parameters/enabled && ${names[0]} == docker.io ]]; then names+=(apparmor); fi
  if ((EUID != 0)); then as_root "installing ${names[*]}" install; hash -r; return; fi
  say "installing ${names[*]}"
  if has apt-get; then
    local -a get=(env DEBIAN_FRONTEND=noninteractive apt-get -qq -y -o Dpkg::Use-Pty=0)
    # An old or absent list of packages is fetched only where it is needed.
    "${get[@]}" install --no-install-recommends "${names[@]}" > /dev/null 2>&1 ||
      { "${get[@]}" update && "${get[@]}" install --no-install-recommends "${names[@]}" > /dev/null; } ||
      fail "apt-get could not install ${names[*]}"
  elif has dnf; then
    if [[ ${names[0]} == docker.io ]]; then names=(moby-engine); fi
    dnf install -y -q "${names[@]}" || fail "dnf could not install ${names[*]}"
  else
    fail 'do not know how this distribution installs an engine. Install Docker Engine or Podman, then run this again'
  fi
  hash -r
}

# --- verbs ------------------------------------------------------------------------------------------------------------

start() {
  if find_engine; then return 0; fi
  explain_refusal
  if [[ -z $ENGINE ]] && desktop; then
    fail 'Docker Desktop (or Rancher Desktop) is on this machine but does not answer: start it, and switch its WSL integration on for this distribution'
  fi
  if ! installed && [[ -z $ENGINE ]] && has podman; then ENGINE=podman; fi
  installed || return 1
  (umask 077; mkdir -p "$RUN")
  exec 9> "$RUN/lock"
  flock 9 # two at once: the second finds what the first has started
  if ! find_engine; then
    "start_${ENGINE:-docker}"
    find_engine || explain_refusal # such as: it runs, but this user is not in its group yet
  fi
  exec 9>&-
}

stop() {
  local name pid
  for name in dockerd podman; do
    pid=$(own_pid "$name") || { rm -f "$RUN/$name.pid"; continue; }
    kill -TERM "$pid"
    for ((i = 0; i < 300; i++)); do
      if ! own_pid "$name" > /dev/null; then rm -f "$RUN/$name.pid"; say "$name (PID $pid) has ended"; return 0; fi
      sleep 0.1
    done
    fail "$name (PID $pid) did not end within 30 s"
  done
  say 'nothing to stop: no engine that this script started is running'
}

status() {
  local pid how='not started by this script'
  if find_engine; then
    if pid=$(own_pid dockerd || own_pid podman); then how="started by this script, PID $pid"; fi
    echo "$KIND answers at $ADDRESS ($how)"
    return 0
  fi
  explain_refusal
  if installed || { [[ -z $ENGINE ]] && has podman; }; then fail 'an engine is installed, but does not run. Start it: scripts/engine.sh start'; fi
  fail 'no engine is installed. Install one and start it: scripts/engine.sh ensure'
}

case $VERB in
  status) status ;;
  address) find_engine || fail 'no engine answers'; case $ADDRESS in /*) echo "unix://$ADDRESS" ;; *) echo "$ADDRESS" ;; esac ;;
  stop) stop ;;
  install) if installed; then say "${ENGINE:-docker} is installed already"; else install_engine; fi ;;
  start) start || fail "${ENGINE:-docker} is not installed. Install it: scripts/engine.sh install" ;;
  ensure) start || { install_engine; start || fail "${ENGINE:-docker} is still not found after it was installed"; } ;;
esac
