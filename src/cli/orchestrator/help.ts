/** How to begin, and what the exit codes say. */
export const OVERVIEW: string = `
Start here:
  Put the vendor's config.yaml and .env into one folder, see whether they will do, then run it:

    $ sdr-orchestrator config check
    $ sdr-orchestrator doctor
    $ sdr-orchestrator run

  In a container, with the engine's socket mounted: see examples/orchestrator and
  docs/orchestrator.md. Every other command may be run beside it:

    $ docker exec sdr-orchestrator sdr-orchestrator status

Exit codes:
  0 done, or nothing to do     5 the releases could not be read, or announce no such app
  1 a bug                      6 the map could not be read: nothing else is pulled instead
  2 configuration or usage     7 the container engine, or a version that is not healthy
  3 a registry                 8 the control plane: its token service, or Temporal
  4 a signature is missing,    130, 143 stopped by a signal; running it again converges
    invalid or of a stranger`;

export const RUN_HELP: string = `
Takes commands from the queue of the deployment, reconciles on start, every hour, and when a container
ends. Listens on no port: sdr-orchestrator health tells how it is. SIGTERM lets the work in flight end.

In a container whose name ends in .green it stands by, in .old it watches its successor.`;

export const INSTALL_HELP: string = `
  $ sdr-orchestrator install teradata
  $ sdr-orchestrator install teradata --image atlanhq/atlan-teradata-app:3.1.4

The image is named as it is announced: the image map, or container_registry.base, says what is
pulled in its place. The version before serves until the new one has proved good.`;

export const CHANGE_HELP: string = `
The same function that stands behind the workflow of this name. Running it again is safe.`;

export const RESOLVE_HELP: string = `
  $ sdr-orchestrator resolve --explain atlanhq/atlan-teradata-app:3.1.4
By another map than the one in config.yaml, which is then not read:
  $ sdr-orchestrator resolve atlanhq/atlan-teradata-app:3.1.4 --map s3://acme-sdr/sdr/image-map.yaml`;

export const SELF_UPDATE_HELP: string = `
Run it in the orchestrator's own container. It ends when the new version has passed its gate; that
one then takes over, and the one before watches over it until it has settled:
  $ docker exec sdr-orchestrator sdr-orchestrator self-update --image acme/sdr-orchestrator:1.1.0`;

export const HEALTH_HELP: string = `
Exit 0 while sdr-orchestrator run is alive here. Temporal being away makes it no less alive.`;
