# shellcheck shell=bash
# Which engine answers. Sourced by engine.sh: has, say, fail, ENGINE.

# Prints "KIND ADDRESS" of every place where an engine may answer, best first.
places() {
  local named=${LAPTOP_DEV_ENGINE:-} path
  if [[ -z $named || $named == docker || $named == podman ]]; then named=${DOCKER_HOST:-}; fi
  if [[ -n $named ]]; then
    case $named in unix://* | /*) echo "${ENGINE:-docker} ${named#unix://}" ;; *) echo "${ENGINE:-docker} $named" ;; esac
    return
  fi
  if [[ $ENGINE != podman ]]; then
    for path in /var/run/docker.sock "${XDG_RUNTIME_DIR:-/nowhere}/docker.sock" "$HOME/.docker/desktop/docker.sock" \
      /mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.proxy.sock "$HOME/.rd/docker.sock" /mnt/wsl/rancher-desktop/run/docker.sock; do
      echo "docker $path"
    done
  fi
  if [[ $ENGINE != docker ]]; then
    for path in "${XDG_RUNTIME_DIR:-/nowhere}/podman/podman.sock" /run/podman/podman.sock /mnt/wsl/podman-sockets/*/podman-{user,root}.sock; do
      echo "podman $path"
    done
  fi
}

# ask ADDRESS: true when an engine answers there. With curl, else Node; both within 3 seconds.
ask() {
  local -a where=("${1/#tcp:/http:}/_ping")
  if [[ $1 == /* ]]; then
    [[ -S $1 && -w $1 ]] || return 1
    where=(--unix-socket "$1" http://engine/_ping)
  fi
  if has curl; then
    [[ $(curl -sf --noproxy '*' --max-time 3 "${where[@]}" 2> /dev/null) == OK ]]
  else
    node -e 'const [a] = process.argv.slice(1); const o = a[0] === "/" ? { socketPath: a, path: "/_ping" } : a.replace(/^tcp:/, "http:") + "/_ping";
      setTimeout(() => process.exit(1), 3000);
      require("http").get(o, r => process.exit(r.statusCode === 200 ? 0 : 1)).on("error", () => process.exit(1))' "$1" 2> /dev/null
  fi
}

# shellcheck disable=SC2034 # KIND and ADDRESS are for engine.sh
# Sets KIND and ADDRESS to the engine that answers; false when none does.
find_engine() {
  while read -r KIND ADDRESS; do
    if ask "$ADDRESS"; then return 0; fi
  done < <(places)
  return 1
}

# A socket that is there but not for this user is the commonest "no engine".
explain_refusal() {
  local kind path
  while read -r kind path; do
    [[ -S $path && ! -w $path ]] || continue
    fail "$kind listens on $path, but you may not use it. Once: sudo usermod -aG $(stat -c %G "$path") $(id -un), then log in again"
  done < <(places)
}

desktop() { [[ -d /mnt/wsl/docker-desktop || -d /mnt/wsl/rancher-desktop ]] && ! has dockerd; }
installed() { if [[ ${ENGINE:-docker} == podman ]]; then has podman; else has dockerd; fi; }
systemd() { [[ -d /run/systemd/system && -z ${LAPTOP_DEV_ENGINE_RUN:-} ]] && has systemctl; }
