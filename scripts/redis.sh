#!/usr/bin/env bash
# A Redis server on the loopback, with nothing in it.
#
#   scripts/redis.sh COMMAND...       runs COMMAND with its address in NINEFOLD_REDIS, then stops it
#   scripts/redis.sh cargo test -p ninefold-store --features redis --test it -- --ignored redis
#
# Needs redis-server, from Debian's package of that name.
set -Eeuo pipefail
trap 'echo "FAILED: line $LINENO of scripts/redis.sh" >&2' ERR
work=$(mktemp -d)
server=
stop() {
  if [ -n "$server" ]; then kill "$server" 2>/dev/null || true && wait "$server" 2>/dev/null || true; fi
  rm -rf "$work"
}
trap stop EXIT

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
redis-server --bind 127.0.0.1 --port "$port" --requirepass only-on-the-loopback --save "" --dir "$work" >"$work/log" 2>&1 &
server=$!
export NINEFOLD_REDIS=redis://:only-on-the-loopback@127.0.0.1:$port/0
for ((n = 0; n < 100; n++)); do
  if REDISCLI_AUTH=only-on-the-loopback redis-cli -p "$port" ping 2>/dev/null | grep -q PONG; then
    "$@"
    exit
  fi
  sleep 0.1
done
echo "the server did not start; it said:" >&2
cat "$work/log" >&2
exit 1
