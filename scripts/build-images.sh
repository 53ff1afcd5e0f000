#!/usr/bin/env bash
# Builds the images of the Dockerfile on this machine, from bases made on this machine, for tests and for a look.
#
#   scripts/build-images.sh        # prints the folder of mirror.tar and orchestrator.tar
#
# Needs root, podman, and what `scripts/install-servers.sh images engines` installs; no registry of images. The base with
# npm and apt is a Debian that debootstrap made, with the Node of this checkout; the one without a shell is a few files of it.
# Keeps what it built in the cache folder until something changes that goes into it.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${SDR_MIRROR_CACHE:-$HOME/.cache/sdr-mirror}"
debian="$cache/bin/debian-base"
[[ -e $debian ]] || { printf 'no %s: run scripts/install-servers.sh images\n' "$debian" >&2; exit 1; }
mkdir -p "$cache/images"
exec 9>"$cache/images/lock"
flock 9 # one build at a time

# What the build context holds, in the order of the names.
key=$({ cat "$debian.key" && find Dockerfile .dockerignore .npmrc ./*.json LICENSE scripts src \
  -type f -print0 | sort -zu | xargs -0 sha256sum; } | sha256sum | cut -c1-16)
out="$cache/images/$key"
if [[ -e $out/orchestrator.tar ]]; then printf '%s\n' "$out"; exit; fi

work=$(mktemp -d)
podman=(podman "--root=$work/root" "--runroot=$work/run" "--tmpdir=$work/tmp" --cgroup-manager=cgroupfs --events-backend=file)
clean_up() {
  # Podman leaves its storage mounted on itself.
  awk -v under="$work/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount --lazy
  rm -rf "$work"
}
trap clean_up EXIT
exec 3>&1 >&2

# Debian with the Node of this checkout and the npm of this machine, as the official image has them.
mkdir -p "$work/node/usr/local"/{bin,etc,lib/node_modules} "$work/node/etc/ssl/certs"
tar -xf "$debian" -C "$work/node"
cp node_modules/node/bin/node "$work/node/usr/local/bin/node"
cp -r "$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")" "$work/node/usr/local/lib/node_modules/npm"
ln -s ../lib/node_modules/npm/bin/npm-cli.js "$work/node/usr/local/bin/npm"
# A site's own authorities are needed to install packages, and nowhere else.
cp /etc/ssl/certs/ca-certificates.crt "$work/node/etc/ssl/certs/"
printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >"$work/node/usr/local/etc/npmrc"
tar -C "$work/node" -c . | "${podman[@]}" import --quiet - localhost/base/node

# glibc and libstdc++, as Node needs them, the loader, name resolution, certificates, two users, and no shell.
mkdir -p "$work/runtime"/{etc/ssl/certs,tmp,home/nonroot} && chmod 1777 "$work/runtime/tmp"
{ ldd "$work/node/usr/local/bin/node" | grep -oE '/[^ ]+'; find "$work/node/usr/lib" -name 'libnss_*.so.2' -o -name 'librt.so.1' -o -name 'libresolv.so.2'; } |
  sed "s|^$work/node||; s|^/usr/lib|/lib|" | sort -u | while read -r file; do
    mkdir -p "$work/runtime/usr$(dirname "$file")"
    cp -L "$work/node/usr$file" "$work/runtime/usr$file" 2>/dev/null || cp -L "$work/node$file" "$work/runtime/usr$file"
  done
ln -s usr/lib "$work/runtime/lib" && ln -s usr/lib64 "$work/runtime/lib64"
cp "$work/node/etc/ssl/certs/ca-certificates.crt" "$work/runtime/etc/ssl/certs/"
printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$work/runtime/etc/passwd"
printf 'root:x:0:\nnonroot:x:65532:\n' >"$work/runtime/etc/group"
printf 'hosts: files dns\n' >"$work/runtime/etc/nsswitch.conf"
tar -C "$work/runtime" -c . | "${podman[@]}" import --quiet - localhost/base/runtime

# With this machine's way to the packages: its settings of npm, and what npm has fetched before.
settings=$(npm config get userconfig)
mkdir -p "$HOME/.npm"
mounts=(--volume "$HOME/.npm:/root/.npm")
if [[ -e $settings ]]; then mounts+=(--volume "$settings:/root/.npmrc:ro"); fi
for target in mirror orchestrator; do
  "${podman[@]}" build --format docker --isolation chroot --network host --layers "${mounts[@]}" \
    --build-arg NODE_IMAGE=localhost/base/node --build-arg RUNTIME_IMAGE=localhost/base/runtime \
    --target "$target" --tag "localhost/sdr-$target:test" .
done
rm -rf "$cache/images"/[0-9a-f]*
mkdir -p "$out"
for target in mirror orchestrator; do
  "${podman[@]}" save --quiet --output "$out/$target.partial" "localhost/sdr-$target:test"
  mv "$out/$target.partial" "$out/$target.tar"
done
printf '%s\n' "$out" >&3
