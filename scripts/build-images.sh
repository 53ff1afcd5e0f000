#!/usr/bin/env bash
# Builds the images of the Dockerfile on this machine, from bases made on this machine, for tests and for a look.
#
#   scripts/build-images.sh              # for this machine's platform
#   scripts/build-images.sh arm64        # for linux/arm64
#   scripts/build-images.sh amd64 arm64  # for both, in less time than one after the other
#   scripts/build-images.sh all          # for this machine's platform, and for those it can run besides
#
# Prints a folder with mirror.tar and orchestrator.tar for each, in this order.
#
# Needs root, podman, and what `scripts/install-servers.sh images engines` installs; no registry of images. The base with
# npm and apt is a Debian that debootstrap made, with the Node of this checkout; the one without a shell is a few files of it.
# What is for another platform is emulated, as little as the Dockerfile allows.
# Keeps what it built in the cache folder until something changes that goes into it.
set -euo pipefail
cd "$(dirname "$0")/.."

cache="${SDR_MIRROR_CACHE:-$HOME/.cache/sdr-mirror}"
own=$(dpkg --print-architecture)
declare -A keys

debian_of() { printf '%s/bin/debian-base%s' "$cache" "$([[ $1 == "$own" ]] || printf -- '-%s' "$1")"; }
out_of() { printf '%s/images/%s/%s' "$cache" "$1" "${keys[$1]}"; }

# What the build context holds, in the order of the names, and the bases.
key_of() {
  {
    cat "$(debian_of "$own").key" "$(debian_of "$1").key" node_modules/node/package.json
    find Dockerfile .dockerignore .npmrc ./*.json LICENSE scripts src -type f -print0 | sort -zu | xargs -0 sha256sum
  } | sha256sum | cut -c1-16
}

clean_up() {
  # Podman leaves its storage mounted on itself.
  awk -v under="$work/" 'index($5, under) == 1 { print $5 }' /proc/self/mountinfo | sort -r | xargs -r umount --lazy
  rm -rf "$work"
}

# Node as the checkout has it; for another platform as npm has it.
node_for() {
  local version package
  if [[ $1 == "$own" ]]; then
    cat node_modules/node/bin/node
    return
  fi
  version=$(node -p 'require("./node_modules/node/package.json").version')
  package="$cache/npm/node-linux-$1-$version.tgz"
  if [[ ! -e $package ]]; then
    rm -f "$cache/npm/node-linux-$1"-*
    npm pack --silent --pack-destination "$work" "node-linux-$1@$version" >&2
    mv "$work/node-linux-$1-$version.tgz" "$package"
  fi
  tar -xzOf "$package" package/bin/node
}

# Debian with Node and the npm of this machine, as the official image has them.
make_node() {
  local root=$2 npm
  npm=$(dirname "$(dirname "$(readlink -f "$(command -v npm)")")")
  mkdir -p "$root/usr/local"/{bin,etc,lib/node_modules} "$root/etc/ssl/certs"
  tar -xf "$(debian_of "$1")" -C "$root"
  node_for "$1" >"$root/usr/local/bin/node"
  chmod 755 "$root/usr/local/bin/node"
  cp -r "$npm" "$root/usr/local/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$root/usr/local/bin/npm"
  # A site's own authorities are needed to install packages, and nowhere else.
  cp /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/"
  printf 'cafile=/etc/ssl/certs/ca-certificates.crt\n' >"$root/usr/local/etc/npmrc"
}

# glibc and libstdc++, as Node needs them, the loader, name resolution, certificates, two users, and no shell.
make_runtime() {
  local node=$1 root=$2 file
  mkdir -p "$root"/{etc/ssl/certs,tmp,home/nonroot} && chmod 1777 "$root/tmp"
  chroot "$node" sh -euc '
    { ldd /usr/local/bin/node | grep -oE "/[^ ]+"
      find /usr/lib -name "libnss_*.so.2" -o -name librt.so.1 -o -name libresolv.so.2
    } | sed -E "s,^/(usr/)?,usr/," | sort -u | tar --create --dereference --files-from=-' | tar -x -C "$root"
  for file in lib lib64; do
    if [[ -d $root/usr/$file ]]; then ln -s "usr/$file" "$root/$file"; fi
  done
  cp "$node/etc/ssl/certs/ca-certificates.crt" "$root/etc/ssl/certs/"
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' >"$root/etc/passwd"
  printf 'root:x:0:\nnonroot:x:65532:\n' >"$root/etc/group"
  printf 'hosts: files dns\n' >"$root/etc/nsswitch.conf"
}

# One name for all platforms, as public bases have it.
import_bases() {
  local architecture base
  for base in node runtime; do "${podman[@]}" manifest create "localhost/base/$base"; done
  for architecture in "$@"; do
    make_node "$architecture" "$work/$architecture/node"
    make_runtime "$work/$architecture/node" "$work/$architecture/runtime"
    for base in node runtime; do
      tar -C "$work/$architecture/$base" -c . | "${podman[@]}" import --quiet --arch "$architecture" - "localhost/base/$base-$architecture"
      "${podman[@]}" manifest add "localhost/base/$base" "containers-storage:localhost/base/$base-$architecture"
    done
  done
}

build_for() {
  local architecture=$1 out tag=test settings target mounts=(--volume "$HOME/.npm:/root/.npm")
  out=$(out_of "$architecture")
  if [[ $architecture != "$own" ]]; then tag="test-$architecture"; fi
  # With this machine's way to the packages: its settings of npm, and what npm has fetched before.
  settings=$(npm config get userconfig)
  mkdir -p "$HOME/.npm"
  if [[ -e $settings ]]; then mounts+=(--volume "$settings:/root/.npmrc:ro"); fi
  for target in mirror orchestrator; do
    # Debian's Podman 4.3 knows no variables here.
    sed "s|^FROM --platform=[^ ]*|FROM --platform=linux/$own|" Dockerfile |
      "${podman[@]}" build --format docker --isolation chroot --network host --layers "${mounts[@]}" \
        --platform "linux/$architecture" \
        --build-arg NODE_IMAGE=localhost/base/node --build-arg RUNTIME_IMAGE=localhost/base/runtime \
        --target "$target" --tag "localhost/sdr-$target:$tag" --file - .
  done
  rm -rf "$cache/images/$architecture"
  mkdir -p "$out"
  for target in mirror orchestrator; do
    "${podman[@]}" save --quiet --output "$out/$target.partial" "localhost/sdr-$target:$tag"
    mv "$out/$target.partial" "$out/$target.tar"
  done
}

build() {
  local architecture bases=("$own")
  work=$(mktemp -d)
  trap clean_up EXIT
  podman=(podman "--root=$work/root" "--runroot=$work/run" "--tmpdir=$work/tmp" --cgroup-manager=cgroupfs --events-backend=file)
  for architecture in "$@"; do
    if [[ $architecture != "$own" ]]; then bases+=("$architecture"); fi
  done
  import_bases "${bases[@]}"
  for architecture in "$@"; do build_for "$architecture"; done
}

main() {
  local architecture missing=() wanted=("${@:-$own}")
  if [[ ${wanted[*]} == all ]]; then
    wanted=("$own")
    if [[ $own != arm64 && -e $(debian_of arm64) ]]; then wanted+=(arm64); fi
  fi
  for architecture in "$own" "${wanted[@]}"; do
    if [[ ! -e $(debian_of "$architecture") ]]; then
      printf 'no %s: run scripts/install-servers.sh images\n' "$(debian_of "$architecture")" >&2
      return 1
    fi
    # Starts anew, once, where such programs run.
    if [[ $architecture != "$own" && ${SDR_MIRROR_WITH:-} != "$architecture" ]]; then
      SDR_MIRROR_WITH=$architecture exec "scripts/with-$architecture.sh" scripts/build-images.sh "$@"
    fi
  done
  mkdir -p "$cache/images" "$cache/npm"
  exec 9>"$cache/images/lock"
  flock 9 # one build at a time
  for architecture in "${wanted[@]}"; do
    keys[$architecture]=$(key_of "$architecture")
    if [[ ! -e $(out_of "$architecture")/orchestrator.tar ]]; then missing+=("$architecture"); fi
  done
  if [[ ${#missing[@]} -gt 0 ]]; then build "${missing[@]}" >&2; fi
  for architecture in "${wanted[@]}"; do printf '%s\n' "$(out_of "$architecture")"; done
}

# On one line: bash reads on in a script that was changed while it ran.
main "$@"; exit
