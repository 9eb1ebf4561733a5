#!/bin/sh
# Becomes redis-server with the arguments given: `--maxmemory 64mb`, or `redis-server --maxmemory 64mb`, or another program.
# Without protected mode, because the published port is on 127.0.0.1 and the network is the project's own; a snapshot after five
# minutes and at the end, so that a stop loses nothing. Arguments given come last and win.
set -eu
case ${1:-} in
  redis-server) shift ;;
  -*) ;;
  *) exec "$@" ;;
esac
# As root (user: "0:0"): gives the folder to redis, whoever it belonged to, and goes on as redis, as the official image does.
if [ "$(id -u)" = 0 ]; then
  find /data \! -user redis -exec chown -h redis:redis {} +
  exec setpriv --reuid=redis --regid=redis --init-groups -- sh "$0" redis-server "$@"
fi
if [ ! -w /data ]; then
  echo "entrypoint: /data cannot be written by user $(id -u): it belongs to $(stat -c 'user %u, mode %a' /data), so that nothing is kept." >&2
  echo "entrypoint: give it to that user (tmpfs: add uid=$(id -u); volume: chown), or run the service as user: \"0:0\" to have it done at the start" >&2
fi
# --save last of its kind: arguments that name it again replace it.
exec redis-server --bind 0.0.0.0 --port 6379 --protected-mode no --dir /data --save 300 1 "$@"
