#!/bin/sh
# Runs a command on a machine of its own, as far as the kernel gives one: it has its own network, with nothing but loopback,
# its own processes, mounts and /run. However it ends, everything it started ends with it: processes and containers,
# bridges, firewall rules, mounts.
#
#   scripts/own-machine.sh node --test test/integration/chain/docker.test.ts
#
# Needs root and util-linux. Two engines of the same kind, each so, know nothing of each other: otherwise they take the same
# subnets, and share the locks, the name server and the books of Podman.
set -eu

# --pdeathsig, --kill-child: a killed test runner takes all of it along. The shell stays, as process 1, to wait for orphans:
# an engine takes one that nobody has waited for yet for a running one.
exec setpriv --pdeathsig KILL unshare --mount --net --pid --fork --kill-child --mount-proc sh -c '
set -eu
mount -t tmpfs -o mode=755 tmpfs /run
mkdir -m 1777 /run/lock
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
ip link set lo up
set +e
"$@"
exit $?' sh "$@"
