# shellcheck shell=bash
# Starting engines, and knowing those that were started. Sourced by engine.sh, after find.sh: RUN, LOGS, as_root, install_engine.

started_at() { sed 's/.*) //' "/proc/$1/stat" 2> /dev/null | cut -d' ' -f20; } # ticks since boot: a PID used again has others

# Prints the PID of what this script started and still runs; false when there is none.
own_pid() {
  local pid ticks
  read -r pid ticks 2> /dev/null < <(cat "$RUN/$1.pid" 2> /dev/null) || return 1
  [[ $pid =~ ^[0-9]+$ && -n $ticks && $(started_at "$pid") == "$ticks" ]] && echo "$pid"
}

# launch NAME SOCKET COMMAND…: detached, log and PID file, then waits for the socket for up to 60 seconds.
launch() {
  local name=$1 socket=$2 pid
  shift 2
  (umask 077; mkdir -p "$RUN" "$LOGS")
  if [[ -f $LOGS/$name.log && $(stat -c %s "$LOGS/$name.log") -gt 10485760 ]]; then mv "$LOGS/$name.log" "$LOGS/$name.log.1"; fi
  # From a folder of its own: Podman's monitors leave a file named oom in the one where the service was started.
  (cd "$RUN" && exec setsid "$@" < /dev/null >> "$LOGS/$name.log" 2>&1 9>&-) &
  pid=$!
  echo "$pid $(started_at "$pid")" > "$RUN/$name.pid"
  for ((i = 0; i < 600; i++)); do
    if ask "$socket"; then
      say "$name runs (PID $pid, log $LOGS/$name.log)"
      return 0
    fi
    kill -0 "$pid" 2> /dev/null || return 1
    sleep 0.1
  done
  return 1
}

# What a dockerd needs of a machine that no init system has set up.
prepare_docker() {
  local pid
  pid=$(cat /var/run/docker.pid 2> /dev/null) || pid=''
  if [[ -n $pid && $(cat "/proc/$pid/comm" 2> /dev/null) == dockerd ]]; then
    say "dockerd (PID $pid) is coming up; waiting for it"
    for ((i = 0; i < 300; i++)); do
      if ask "$1"; then exit 0; fi
      kill -0 "$pid" 2> /dev/null || break
      sleep 0.1
    done
  fi
  if ! mountpoint -q /sys/fs/cgroup; then mount -t cgroup2 none /sys/fs/cgroup || say 'control groups are not mounted'; fi
  if ! has iptables; then ENGINE=docker install_engine; fi
  if ! iptables -t nat -L -n > /dev/null 2>&1 && has iptables-legacy && iptables-legacy -t nat -L -n > /dev/null 2>&1; then
    say 'this kernel has no nftables: switching iptables to its legacy form'
    update-alternatives --set iptables "$(command -v iptables-legacy)" > /dev/null
    if has ip6tables-legacy; then update-alternatives --set ip6tables "$(command -v ip6tables-legacy)" > /dev/null; fi
  fi
}

start_docker() {
  local socket=/var/run/docker.sock
  local -a extra=()
  case ${DOCKER_HOST:-} in unix://*) socket=${DOCKER_HOST#unix://}; extra=(-H "$DOCKER_HOST") ;; esac
  if ((EUID != 0)); then as_root 'starting dockerd' start; return; fi
  if systemd && systemctl cat docker.service > /dev/null 2>&1; then
    systemctl start docker.service || fail 'systemd could not start it: journalctl -u docker.service'
    return
  fi
  if [[ $socket == /var/run/docker.sock ]]; then prepare_docker "$socket"; fi
  # shellcheck disable=SC2206 # words, as in any *_ARGS variable
  extra+=(${LAPTOP_DEV_DOCKERD_ARGS:-})
  launch dockerd "$socket" dockerd "${extra[@]}" || fail "dockerd does not run. Its last words ($LOGS/dockerd.log):"$'\n'"$(tail -n 5 "$LOGS/dockerd.log")"
}

start_podman() {
  local socket=/run/podman/podman.sock
  local -a scope=() environment=()
  if ((EUID != 0)); then
    socket=${XDG_RUNTIME_DIR:?is not set; log in properly, or use --engine docker}/podman/podman.sock
    scope=(--user)
  fi
  case ${DOCKER_HOST:-} in unix://*) socket=${DOCKER_HOST#unix://} ;; esac
  if systemd && systemctl "${scope[@]}" cat podman.socket > /dev/null 2>&1; then
    systemctl "${scope[@]}" start podman.socket || fail "systemd could not start it: journalctl ${scope[*]} -u podman.socket"
    return
  fi
  mkdir -p "$RUN" "$(dirname "$socket")"
  if podman_needs_help; then
    environment=("CONTAINERS_CONF=$RUN/containers.conf")
    printf '[engine]\nruntime = "runc"\n[containers]\ndefault_ulimits = ["nofile=%s:%s", "nproc=32768:32768"]\n' "$(ulimit -Hn)" "$(ulimit -Hn)" > "$RUN/containers.conf"
    say "control groups are not version 2 here: Podman runs with runc and lower ulimits ($RUN/containers.conf)"
  fi
  launch podman "$socket" env "${environment[@]}" podman system service --time=0 "unix://$socket" ||
    fail "podman does not run. Its last words ($LOGS/podman.log):"$'\n'"$(tail -n 5 "$LOGS/podman.log")"
}

# Without cgroup v2 crun fails, and so do ulimits that this process may not raise; a configuration of the user's own is left alone.
podman_needs_help() {
  [[ $(stat -fc %T /sys/fs/cgroup 2> /dev/null) != cgroup2fs ]] && has runc || return 1
  [[ ! -e /etc/containers/containers.conf && ! -e ${XDG_CONFIG_HOME:-$HOME/.config}/containers/containers.conf && -z ${CONTAINERS_CONF:-} ]]
}
