#!/bin/sh
# Starts the orchestrator on Podman without root. Run it as the user whose containers the apps shall be; that user needs
#
#   systemctl --user enable --now podman.socket        # what the orchestrator speaks with
#   systemctl --user enable podman-restart.service     # starts it and the apps again after a reboot
#   sudo loginctl enable-linger "$USER"                # lets them run while nobody is logged in
#
# What it is called with goes to `podman run`: ./podman-rootless.sh --env HTTPS_PROXY=http://proxy.mycompany.com:3128
set -eu

image=${SDR_IMAGE:-registry.mycompany.com/sdr/sdr-orchestrator:0.1.0}
# config.yaml and .env
config=${SDR_CONFIG:-$HOME/.config/sdr-orchestrator}
# What the orchestrator keeps, and hands to the apps: a folder of the host.
data=${SDR_DATA:-$HOME/.local/share/sdr-orchestrator}
# As orchestrator.network in config.yaml: the apps are asked for their health in it.
network=${SDR_NETWORK:-atlan-sdr-prod}
socket=${SDR_SOCKET:-$XDG_RUNTIME_DIR/podman/podman.sock}

podman network exists "$network" || podman network create "$network" >/dev/null
mkdir -p "$data" && chmod 750 "$data"

# The health check is that of the image, which Podman does not see in images of OCI's format.
# keep-id: inside the user is 10001, and so the owner of socket and files. label=disable: SELinux would keep every
# container from the socket.
exec podman run --detach --name sdr-orchestrator --restart always \
  --userns keep-id:uid=10001,gid=10001 --user 10001:10001 \
  --cap-drop all --security-opt no-new-privileges --security-opt label=disable \
  --read-only --tmpfs /tmp:size=64m \
  --health-cmd '["sdr-orchestrator","health"]' --health-interval 15s --health-start-period 60s \
  --stop-timeout 60 --log-driver k8s-file --log-opt max-size=10m \
  --network "$network" \
  --volume "$config:/etc/sdr-orchestrator:ro" \
  --volume "$data:/var/lib/sdr-orchestrator" \
  --volume "$socket:/run/podman/podman.sock" \
  "$@" "$image"
