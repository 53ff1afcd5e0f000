#!/usr/bin/env bash
# Installs what `npm run bench` compares with and measures by, beyond the servers of the integration suite:
# regsync, GNU time and a C compiler. Idempotent; what is built is kept in the same cache folder. Not for CI.
#
# ocync is left out: it is on no package registry. So is a newer skopeo than Debian's: its Go module cannot be
# had with a checksum that the checksum database knows.
set -euo pipefail

regclient=github.com/regclient/regclient@v0.11.7
cache="${SDR_MIRROR_CACHE:-$HOME/.cache/sdr-mirror}"

"$(dirname "$0")/../scripts/install-servers.sh" registries

missing=()
command -v time >/dev/null || missing+=(time)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
if [[ ${#missing[@]} -gt 0 ]]; then
  if [[ $EUID -eq 0 ]]; then as_root=(env); else as_root=(sudo); fi
  "${as_root[@]}" apt-get update
  "${as_root[@]}" apt-get install -y --no-install-recommends "${missing[@]}"
fi

if [[ ! -x $cache/bin/regsync || $(cat "$cache/stamps/regsync" 2>/dev/null) != "$regclient" ]]; then
  build=$(mktemp -d)
  trap 'rm -rf "$build"' EXIT
  # In an empty module, as scripts/install-servers.sh does, and for the same reason.
  (cd "$build" && go mod init build.invalid/tool && go mod edit -require "$regclient")
  CGO_ENABLED=0 go build -C "$build" -mod=mod -trimpath -ldflags '-s -w' -o "$build/regsync" \
    "${regclient%@*}/cmd/regsync"
  mv "$build/regsync" "$cache/bin/regsync"
  printf '%s\n' "$regclient" >"$cache/stamps/regsync"
fi
