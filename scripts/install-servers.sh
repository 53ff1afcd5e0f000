#!/usr/bin/env bash
# Installs the real servers and peers that the integration suite runs against.
#
#   scripts/install-servers.sh                # every group
#   scripts/install-servers.sh registries     # one of them
#
# Idempotent: what is there in the wanted version stays. Go and npm tools go to a cache folder outside the checkout
# (SDR_MIRROR_CACHE, default ~/.cache/sdr-mirror), Debian packages to the system, without starting their services.
# Prints a table of what is present, and exits 1 if something wanted is missing without a reason given below.
set -euo pipefail

# group      name             how  what                                        Go: the command in the module; base: whose programs
wanted='
registries   docker-registry  apt  docker-registry
registries   htpasswd         apt  apache2-utils
registries   openssl          apt  openssl
registries   skopeo           apt  skopeo
registries   olareg           go   github.com/olareg/olareg@v0.1.2             cmd/olareg
registries   distribution3    go   github.com/distribution/distribution/v3@v3.1.2  cmd/registry
registries   crane            go   github.com/google/go-containerregistry@v0.22.1  cmd/crane
registries   regctl           go   github.com/regclient/regclient@v0.11.7      cmd/regctl
registries   oras             go   oras.land/oras@v1.3.2                       cmd/oras
registries   cosign           go   github.com/sigstore/cosign/v3@v3.1.3        cmd/cosign
registries   cosign2          go   github.com/sigstore/cosign/v2@v2.6.5        cmd/cosign
registries   zot              go   zotregistry.dev/zot/v2@v2.1.11              cmd/zot
stores       minio            go   github.com/minio/minio@v0.0.0-20260212201848-7aac2a2c5b7c
stores       gofakes3         go   github.com/johannesboyne/gofakes3@v1.2.0    cmd/gofakes3
stores       fake-gcs-server  go   github.com/fsouza/fake-gcs-server@v1.55.1
stores       azurite-blob     npm  azurite@3.36.0
stores       s3rver           npm  s3rver@3.7.1
stores       ceph-mon         apt  ceph-mon
stores       ceph-osd         apt  ceph-osd
stores       radosgw          apt  radosgw
engines      dockerd          apt  docker.io
engines      podman           apt  podman
engines      crun             apt  crun
engines      runc             apt  runc
engines      conmon           apt  conmon
engines      netavark         apt  netavark
engines      catatonit        apt  catatonit
engines      aardvark-dns     apt  aardvark-dns
engines      iptables         apt  iptables
engines      newuidmap        apt  uidmap
engines      slirp4netns      apt  slirp4netns
engines      fuse-overlayfs   apt  fuse-overlayfs
engines      busybox          apt  busybox-static
engines      sdr-rootless     user sdr-rootless
temporal     temporal         go   github.com/temporalio/cli@v1.5.1               cmd/temporal
workflows    actionlint       go   github.com/rhysd/actionlint@v1.7.12             cmd/actionlint
reports      chromium         apt  chromium
reports      prometheus-pushgateway    apt  prometheus-pushgateway
reports      prometheus-node-exporter  apt  prometheus-node-exporter
images       debootstrap      apt  debootstrap
images       debian-base      base bookworm
images       qemu-aarch64-static  apt  qemu-user-static
images       debian-base-arm64    base bookworm                                arm64
images       quadlet          go   github.com/containers/podman/v5@v5.8.1         cmd/quadlet
images       docker-compose   apt  docker-compose
'

# Wanted, but known not to install: not tried, shown in the table, and no failure. The tests that need one are skipped
# with this reason, in CI too. What turns out to need more than this machine allows is added.
declare -A not_to_be_had=(
  [zot]='its Go module cannot be downloaded: the module proxy refuses every version of it'
)

cache="${SDR_MIRROR_CACHE:-$HOME/.cache/sdr-mirror}"
jobs="${SDR_MIRROR_BUILD_JOBS:-$(nproc)}"
scratch=
policy=

say() { printf '%s\n' "$*" >&2; }

as_root() { if [[ $EUID -eq 0 ]]; then "$@"; else sudo "$@"; fi; }

clean_up() {
  [[ -z $scratch ]] || rm -rf "$scratch"
  [[ -z $policy ]] || as_root rm -f "$policy"
}
trap clean_up EXIT

# Runs a command up to four times. A registry's plain refusal will not change, so it is not asked again.
retried() {
  local try log="$scratch/log"
  for try in 1 2 3 4; do
    if "$@" >"$log" 2>&1; then return 0; fi
    tail -n 20 "$log" >&2
    if grep -qE '403 Forbidden|404 Not Found|requires go >=|E404|Unable to locate package' "$log"; then return 1; fi
    if [[ $try -lt 4 ]]; then
      say "    failed, try $try of 4; next in $((5 * try * try)) s"
      sleep $((5 * try * try))
    fi
  done
  return 1
}

debian_version() { dpkg-query -W -f '${db:Status-Abbrev}${Version}' "$1" 2>/dev/null | sed -n 's/^ii *//p'; }

# A package's post-install script starts its service, which would hold a port: policy-rc.d forbids it (deb-systemd-invoke
# and invoke-rc.d both ask it).
forbid_services() {
  [[ ! -e /usr/sbin/policy-rc.d ]] || return 0
  policy=/usr/sbin/policy-rc.d
  printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
  as_root chmod 755 "$policy"
}

install_debian() {
  local package missing=()
  for package in "$@"; do
    [[ -n $(debian_version "$package") ]] || missing+=("$package")
  done
  [[ ${#missing[@]} -gt 0 ]] || return 0
  say "==> Debian packages: ${missing[*]}"
  forbid_services
  retried as_root apt-get -o DPkg::Lock::Timeout=300 update || return 0
  # One package that is gone must not keep the others away.
  for package in "${missing[@]}"; do
    retried as_root env DEBIAN_FRONTEND=noninteractive \
      apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends "$package" || say "    no $package"
  done
}

# The stamp beside a tool says what it was made from, so that a new pin replaces it.
stamp() { cat "$cache/stamps/$1" 2>/dev/null || true; }
up_to_date() { [[ -e $cache/bin/$1 && $(stamp "$1") == "$2" ]]; }

# Where Go's own installer puts it, which not every PATH has.
if ! command -v go >/dev/null && [[ -x /usr/local/go/bin/go ]]; then PATH=$PATH:/usr/local/go/bin; fi

# Built as a dependency of an empty module rather than by `go install module@version`, which also asks for the list of the
# module's versions: some module proxies serve the pinned version and refuse the list.
install_go() {
  local name=$1 module=$2 command=${3:-} build="$scratch/build"
  up_to_date "$name" "$module" && return 0
  if ! command -v go >/dev/null; then
    say "    no Go toolchain: install Go 1.26 or later"
    return 0
  fi
  say "==> $name: go build $module"
  rm -rf "$build" && mkdir -p "$build"
  (cd "$build" && go mod init build.invalid/tool && go mod edit -require "$module") 2>/dev/null
  if retried nice -n 10 env CGO_ENABLED=0 go build -C "$build" -mod=mod -p "$jobs" -trimpath -ldflags '-s -w' \
    -o "$build/tool" "${module%@*}${command:+/$command}"; then
    mv "$build/tool" "$cache/bin/$name"
    printf '%s\n' "$module" >"$cache/stamps/$name"
  fi
}

install_npm() {
  local name=$1 package=$2 home="$cache/npm/$1"
  up_to_date "$name" "$package" && return 0
  say "==> $name: npm install $package"
  rm -rf "$home" && mkdir -p "$home"
  # --prefix: without it npm would look for a package.json further up.
  if retried nice -n 10 npm install --prefix "$home" --no-audit --no-fund --ignore-scripts "$package" &&
    [[ -e $home/node_modules/.bin/$name ]]; then
    ln -sfn "$home/node_modules/.bin/$name" "$cache/bin/$name"
    printf '%s\n' "$package" >"$cache/stamps/$name"
  fi
}

# Whom rootless Podman runs as: a user with subordinate ids, which useradd gives to every user.
install_user() {
  id "$1" >/dev/null 2>&1 || as_root useradd --no-create-home --home-dir /nonexistent --shell /usr/sbin/nologin "$1"
}

# A Debian to build images on, where none can be pulled: what scripts/build-images.sh starts from. Its key stays the same
# until it is made anew.
install_base() {
  local name=$1 release=$2 architecture=${3:-$(dpkg --print-architecture)} root="$scratch/debian" emulated=() said
  if [[ $architecture != "$(dpkg --print-architecture)" ]]; then
    emulated=("$(dirname "${BASH_SOURCE[0]}")/with-$architecture.sh")
    if ! said=$(as_root "${emulated[@]}" true 2>&1); then
      not_to_be_had[$name]=${said//[$'\n\t']/ }
      # Nothing could be done with one that is there.
      rm -f "$cache/bin/$name"
      return 0
    fi
  fi
  up_to_date "$name" "$release" && return 0
  say "==> $name: debootstrap $release $architecture"
  as_root rm -rf "$root"
  # Packages on top are the package manager's business: debootstrap fails at what they do when they are set up.
  if retried as_root nice -n 10 "${emulated[@]}" \
    debootstrap --arch="$architecture" --variant=minbase --include=ca-certificates "$release" "$root" &&
    retried as_root nice -n 10 "${emulated[@]}" \
      chroot "$root" sh -c 'apt-get update && apt-get install --yes --no-install-recommends skopeo'; then
    as_root rm -rf "$root"/var/cache/apt/{archives/*.deb,*.bin} "$root"/var/lib/apt/lists/*
    as_root tar -C "$root" -c . >"$cache/bin/$name"
    # What is found as the tools are.
    chmod 755 "$cache/bin/$name"
    sha256sum <"$cache/bin/$name" >"$cache/bin/$name.key"
    printf '%s\n' "$release" >"$cache/stamps/$name"
  fi
  as_root rm -rf "$root"
}

# The version that is present, or nothing.
present() {
  local name=$1 how=$2 what=$3
  case $how in
    apt) debian_version "$what" | grep . || command -v "$name" || true ;;
    user) if id "$name" >/dev/null 2>&1; then printf 'uid %s\n' "$(id -u "$name")"; fi ;;
    *) if up_to_date "$name" "$what"; then printf '%s\n' "${what##*@}"; fi ;;
  esac
}

main() {
  local groups=("$@") selected=() packages=() line group name how what extra
  mkdir -p "$cache/bin" "$cache/stamps" "$cache/npm"
  exec 9>"$cache/lock"
  flock 9 # one installation at a time
  scratch=$(mktemp -d)

  while read -r group name how what extra; do
    [[ -n $group ]] || continue
    if [[ ${#groups[@]} -eq 0 || " ${groups[*]} " == *" $group "* ]]; then selected+=("$group $name $how $what $extra"); fi
  done <<<"$wanted"
  if [[ ${#selected[@]} -eq 0 ]]; then
    say "no such group: ${groups[*]}; there are: $(awk 'NF { print $1 }' <<<"$wanted" | sort -u | xargs)"
    return 2
  fi

  for line in "${selected[@]}"; do
    read -r group name how what extra <<<"$line"
    # What came another way stays: Docker's own packages conflict with Debian's.
    if [[ $how == apt && -z ${not_to_be_had[$name]:-} ]] && ! command -v "$name" >/dev/null; then packages+=("$what"); fi
  done
  if [[ ${#packages[@]} -gt 0 ]]; then install_debian "${packages[@]}"; fi
  for line in "${selected[@]}"; do
    read -r group name how what extra <<<"$line"
    if [[ $how != apt && -z ${not_to_be_had[$name]:-} ]]; then "install_$how" "$name" "$what" "$extra"; fi
  done

  for name in "${!not_to_be_had[@]}"; do
    printf '%s\t%s\n' "$name" "${not_to_be_had[$name]}"
  done >"$cache/not-to-be-had"

  local version absent=0
  printf '\n%-11s %-24s %-4s %-38s %s\n' group name how version from
  for line in "${selected[@]}"; do
    read -r group name how what extra <<<"$line"
    if [[ -n ${not_to_be_had[$name]:-} ]]; then
      version="not to be had"
      what=${not_to_be_had[$name]}
    else
      version=$(present "$name" "$how" "$what")
      if [[ -z $version ]]; then
        version=MISSING
        absent=$((absent + 1))
      fi
    fi
    printf '%-11s %-24s %-4s %-38s %s\n' "$group" "$name" "$how" "$version" "${what%@*}"
  done
  printf '\n%s\n' "Go and npm tools are in $cache/bin"
  if [[ $absent -gt 0 ]]; then
    say "$absent wanted but missing"
    return 1
  fi
}

# On one line: bash reads on in a script that was changed while it ran.
main "$@"; exit
