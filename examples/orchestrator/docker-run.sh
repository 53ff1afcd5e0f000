#!/bin/sh
# Starts the orchestrator on Docker, with no more rights than it needs. What it is called with goes to `docker run`:
#
#   sudo ./docker-run.sh --env HTTPS_PROXY=http://proxy.mycompany.com:3128
set -eu

image=${SDR_IMAGE:-registry.mycompany.com/sdr/sdr-orchestrator:0.1.0}
# config.yaml and .env
config=${SDR_CONFIG:-/etc/sdr-orchestrator}
# What the orchestrator keeps, and hands to the apps: a folder of the host.
data=${SDR_DATA:-/var/lib/sdr-orchestrator}
# As orchestrator.network in config.yaml: the apps are asked for their health in it.
network=${SDR_NETWORK:-atlan-sdr-prod}
socket=${SDR_SOCKET:-/var/run/docker.sock}

docker network inspect "$network" >/dev/null 2>&1 || docker network create "$network" >/dev/null
install -d -o 10001 -g 10001 -m 750 "$data"

# --group-add: whoever belongs to the group of the socket may use it.
exec docker run --detach --name sdr-orchestrator --restart unless-stopped \
  --user 10001:10001 --group-add "$(stat -c %g "$socket")" \
  --cap-drop ALL --security-opt no-new-privileges --read-only --tmpfs /tmp:size=64m \
  --memory 512m --pids-limit 256 --stop-timeout 60 \
  --log-driver json-file --log-opt max-size=10m --log-opt max-file=3 \
  --network "$network" \
  --volume "$config:/etc/sdr-orchestrator:ro" \
  --volume "$data:/var/lib/sdr-orchestrator" \
  --volume "$socket:/var/run/docker.sock" \
  "$@" "$image"
