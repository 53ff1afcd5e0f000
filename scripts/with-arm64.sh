#!/bin/sh
# Runs a command, and for as long as it takes this machine runs programs for arm64: the kernel gives them to QEMU, in
# containers and chroots too. Where that cannot be, says why.
#
#   scripts/with-arm64.sh chroot /srv/debian-arm64 uname -m
#
# Needs root and Debian's qemu-user-static. What it tells the kernel ends with the command (before Linux 6.7: with the
# next start of the machine); what the machine had been told before stays.
set -eu

if [ "$(uname -m)" = aarch64 ]; then exec "$@"; fi
# The kernel forgets when nothing has binfmt_misc mounted any more.
exec unshare --mount sh -euc '
fail() { printf "no programs for arm64 on this machine: %s\n" "$1" >&2; exit 125; }
binfmt=/proc/sys/fs/binfmt_misc
handler=$binfmt/qemu-aarch64
# What Debian knows of them: the first bytes of such a program, who runs it, and F: that one is found from any root.
known=/usr/lib/binfmt.d/qemu-aarch64.conf
[ -e "$binfmt/register" ] || said=$(mount -t binfmt_misc binfmt_misc "$binfmt" 2>&1) || fail "$said"
if [ ! -e "$handler" ]; then
  [ -e "$known" ] || fail "no $known: install qemu-user-static"
  # Somebody else may have been faster.
  said=$(cat "$known" 2>&1 >"$binfmt/register") || [ -e "$handler" ] || fail "$said"
fi
grep -qx enabled "$handler" || fail "$handler is not enabled"
grep -q "^flags: .*F" "$handler" || fail "$handler lacks the flag F, without which containers do not find QEMU"
exec "$@"' sh "$@"
