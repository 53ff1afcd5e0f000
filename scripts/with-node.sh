#!/usr/bin/env bash
# Runs a command with another Node than the pinned one: scripts/with-node.sh 22.22.2 node --test …
# The Node is installed from npm into the cache folder (SDR_MIRROR_CACHE, default ~/.cache/sdr-mirror).
set -euo pipefail

version=$1
shift
home="${SDR_MIRROR_CACHE:-$HOME/.cache/sdr-mirror}/node/$version"
bin="$home/node_modules/.bin"

if [[ ! -x $bin/node ]]; then
  mkdir -p "$home"
  # The package fetches the Node of this platform when it is set up.
  npm install --silent --prefix "$home" --no-audit --no-fund "node@$version"
fi
PATH="$bin:$PATH"
printf 'node %s\n' "$(node --version)"
exec "$@"
