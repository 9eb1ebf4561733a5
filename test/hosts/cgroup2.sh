#!/usr/bin/env bash
# A throw-away Linux host with a unified cgroup tree (v2), PSI, Docker and this machine's Node, as WSL2 has them, under qemu.
#   cgroup2.sh prepare                         once: kernel and root file system, about 2 minutes
#   cgroup2.sh run FOLDER [MEMORY [SECONDS]]   boots in about 15 s and runs FOLDER/job there as root, the folder mounted at /job (a copy);
#                                              prints its console, copies FOLDER's result.* back, exits with its status. What is in
#                                              FOLDER/docker is what its engine has in /var/lib/docker
#   cgroup2.sh engine                          which Docker it has, as dockerd --version says it
# Needs root on Debian; installs what it needs. Kept in $LAPTOP_DEV_TEST_CACHE (default /var/cache/laptop-dev-test), by a hash of the
# recipe. Without hardware virtualisation (it asks for none, so that it runs anywhere) a guest is about 10 times slower than its
# host: never take timings from it.
set -euo pipefail
case ${1:-} in -h | --help) sed -n '2,11s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"; exit 0 ;; esac

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
node=$(readlink -f "$(command -v node)")
recipe=$(cat "$here/cgroup2.sh" "$here"/cgroup2/{init,initrd-init} <(node --version) | sha256sum | cut -c1-12)
cache=${LAPTOP_DEV_TEST_CACHE:-/var/cache/laptop-dev-test}
host=$cache/cgroup2-$recipe

# Seconds without a word from the guest after which it counts as frozen.
silence=${LAPTOP_DEV_TEST_SILENCE:-600}

fail() { echo "cgroup2.sh: $*" >&2; exit 2; }

prepare() {
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [ ! -f "$host/disk.img" ]; then make_host; fi
  exec 9>&-
}

make_host() {
  [ "$(id -u)" = 0 ] || fail "preparing the host needs root"
  echo "preparing a host with cgroup v2 (about 2 minutes, once)"
  install_tools
  rm -rf "$cache"/cgroup2-*
  mkdir -p "$host"
  cd "$host"
  make_kernel
  make_root
  make_initrd
  mke2fs -q -t ext4 -d root disk.tmp 8G
  rm -rf root kernel initrd
  mv disk.tmp disk.img # last: its presence says that all is there
}

install_tools() {
  export DEBIAN_FRONTEND=noninteractive
  local tools=(qemu-system-x86 e2fsprogs cpio busybox-static debootstrap ca-certificates)
  { apt-get update && apt-get install -y --no-install-recommends "${tools[@]}"; } >"$cache/apt.log" 2>&1 ||
    { tail -5 "$cache/apt.log"; fail "apt-get failed"; }
}

kernel_package() { apt-cache depends linux-image-cloud-amd64 2>/dev/null | awk '/Depends: linux-image/ { print $2; exit }'; }

make_kernel() {
  apt-get download "$(kernel_package)" >/dev/null 2>&1
  mkdir kernel
  dpkg-deb -x linux-image-*.deb kernel
  rm linux-image-*.deb
  cp kernel/boot/vmlinuz-* vmlinuz
}

make_root() {
  local mirror version library
  # The one that apt uses: the machine may reach no other.
  mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' | awk '$2 == "bookworm" { print $1; exit }')
  debootstrap --variant=minbase --include=ca-certificates,docker.io,iptables,kmod,iproute2,procps,libstdc++6,busybox-static \
    bookworm root ${mirror:+"$mirror"} >debootstrap.log 2>&1 || { tail -5 debootstrap.log; fail "debootstrap failed"; }
  version=$(ls kernel/lib/modules)
  cp -a kernel/lib/modules root/lib/
  chroot root depmod "$version"
  install -m 755 "$node" root/usr/bin/node
  for library in $(ldd "$node" | awk '$3 ~ /^\// { print $3 }'); do
    [ -e "root$library" ] || install -D "$(readlink -f "$library")" "root$library"
  done
  chroot root node --version >/dev/null || fail "this machine's Node does not run on Debian 12"
  chroot root dockerd --version >engine
  rm -rf root/var/cache/apt/archives/*.deb root/var/lib/apt/lists/*
  mkdir -p root/job
  install -m 755 "$here/cgroup2/init" root/init
}

make_initrd() {
  local module
  mkdir -p initrd/bin initrd/modules
  cp "$(command -v busybox)" initrd/bin/
  for module in virtio_ring virtio virtio_pci_legacy_dev virtio_pci_modern_dev virtio_pci virtio_blk; do
    find kernel/lib/modules -name "$module.ko" -exec cp {} initrd/modules/ ';'
  done
  install -m 755 "$here/cgroup2/initrd-init" initrd/init
  (cd initrd && find . | cpio -o -H newc 2>/dev/null | gzip >../initrd.gz)
}

# One life of the guest, its console to $work/console. Returns 1 when it has frozen: it says something at least every 4 minutes (cgroup2/job).
boot() {
  local folder=$1 memory=$2 seconds=$3 pipe heard
  mkdir -p "$folder/docker"
  mke2fs -q -F -t ext4 -d "$folder/docker" "$work/docker.img" 6G
  mv "$folder/docker" "$work/docker"
  mke2fs -q -F -t ext4 -d "$folder" "$work/job.img" "${JOB_SIZE:-3G}"
  mv "$work/docker" "$folder/docker"
  : >"$work/console"
  # la57, mitigations: emulated, a fifth level of page tables and what works against speculation cost a sixth of the time.
  timeout --foreground "$seconds" qemu-system-x86_64 -accel tcg,thread=multi -cpu max,la57=off -m "$memory" -smp 2 -pidfile "$work/pid" \
    -kernel "$host/vmlinuz" -initrd "$host/initrd.gz" -append "console=ttyS0 psi=1 mitigations=off panic=-1 quiet" \
    -drive "file=$host/disk.img,format=raw,if=virtio,snapshot=on" -drive "file=$work/job.img,format=raw,if=virtio,cache=unsafe" \
    -drive "file=$work/docker.img,format=raw,if=virtio,cache=unsafe" \
    -nographic -no-reboot -nic user,model=virtio-net-pci </dev/null 2>&1 | stdbuf -oL tr -d '\r' | tee "$work/console" &
  pipe=$!
  while kill -0 "$pipe" 2>/dev/null; do
    sleep 2
    heard=$(($(date +%s) - $(stat -c %Y "$work/console")))
    if [ "$heard" -gt "$silence" ]; then
      kill -9 "$(cat "$work/pid")" 2>/dev/null || true
      wait "$pipe" || true
      echo "cgroup2.sh: the guest has frozen: nothing was heard of it for $heard s" >&2
      return 1
    fi
  done
  wait "$pipe" || true
}

run() {
  local folder=$1 memory=${2:-3G} seconds=${3:-1800} status file
  [ -x "$folder/job" ] || fail "$folder/job is not executable"
  prepare
  work=$(mktemp -d "${TMPDIR:-/var/tmp}/laptop-dev-guest-XXXXXX")
  trap 'rm -rf "$work"' EXIT
  # A machine that stands still says nothing about what was tested on it: it is started once more, and only then. What fails on one that runs has failed.
  boot "$folder" "$memory" "$seconds" || boot "$folder" "$memory" "$seconds" || true
  for file in $(debugfs -R 'ls -p /' "$work/job.img" 2>/dev/null | awk -F/ '$6 ~ /^result\./ { print $6 }'); do
    debugfs -R "dump /$file $folder/$file" "$work/job.img" 2>/dev/null
  done
  status=$(sed -n 's/^JOB EXIT //p' "$work/console" | tail -1)
  [ -n "$status" ] || fail "the guest ended without a result (or was ended after $seconds s)"
  return "$status"
}

case ${1:-} in
  prepare) prepare ;;
  engine) prepare >&2 && cat "$host/engine" ;;
  run) shift; run "$@" ;;
  *) sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2 ;;
esac
