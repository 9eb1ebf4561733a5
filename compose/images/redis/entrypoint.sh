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
# --save last of its kind: arguments that name it again replace it.
exec redis-server --bind 0.0.0.0 --port 6379 --protected-mode no --dir /data --save 300 1 "$@"
