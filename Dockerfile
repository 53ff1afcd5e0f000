# Two images: `mirror`, for jobs, and `orchestrator`, which also brings Temporal's packages.
#
#   docker build --target mirror -t sdr-mirror .
#   docker build --target orchestrator -t sdr-orchestrator .
#
# Needs nothing but a builder: no BuildKit, no network at the final stages. Neither image has a shell.
# Podman: add `--format docker`, since the format it prefers knows no health check.
# For another platform (`--platform linux/arm64`) the builder has to emulate it, though only to install skopeo: what
# is the same for all platforms is made on the builder's own.

# Pinned by the digest of the index of all platforms. Whoever may not pull them passes their own:
# Node 24 with npm and apt on Debian 12, and glibc with libstdc++ and certificates without a shell.
ARG NODE_IMAGE=docker.io/library/node:24.18.0-bookworm-slim@sha256:6f7b03f7c2c8e2e784dcf9295400527b9b1270fd37b7e9a7285cf83b6951452d
ARG RUNTIME_IMAGE=gcr.io/distroless/cc-debian12:nonroot@sha256:9dac0a79194e45a7da0158a9c6da57b217585af0786db3845d1f0ec1a0dd182f

# The builder's own platform, where the builder does not tell: Docker without BuildKit takes a system alone for it. Debian's
# Podman 4.3 finds neither of the two at FROM, and makes everything on the image's platform.
ARG OWN_PLATFORM=linux

# Both before the first stage with a platform of its own: Podman (Buildah 1.38, too) takes that for the later ones as well.
FROM ${NODE_IMAGE} AS node
FROM ${RUNTIME_IMAGE} AS base

# The package as it would be published, and everything it was built with.
FROM --platform=${BUILDPLATFORM:-${OWN_PLATFORM}} ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json .npmrc ./
RUN npm ci --ignore-scripts --no-audit --prefer-offline
COPY . .
RUN npm run build && npm pack --ignore-scripts --pack-destination /tmp \
  && mkdir -p /image/usr/local/lib/sdr-mirror /image/usr/local/bin \
  && tar -xzf /tmp/sdr-mirror-*.tgz --strip-components=1 --no-same-owner -C /image/usr/local/lib/sdr-mirror
# What #!/usr/bin/env would look up: there is no env either.
RUN for name in mirror sdr-orchestrator; do \
    main=$(node -p "require('./package.json').bin['$name']") \
    && printf '#!/usr/local/bin/node\nimport("/usr/local/lib/sdr-mirror/%s");\n' "${main#./}" >"/image/usr/local/bin/$name" \
    && chmod 755 "/image/usr/local/bin/$name" || exit 1; \
  done

# The package has everything inside but its peers, Temporal's packages, which are optional for whoever
# only mirrors; in the versions of the lock file, and with the native parts of the image's platform.
FROM build AS temporal
ARG TARGETARCH
RUN case "${TARGETARCH:-$(uname -m)}" in \
    amd64 | x86_64) cpu=x64 bridge=x86_64-unknown-linux-gnu ;; \
    arm64 | aarch64) cpu=arm64 bridge=aarch64-unknown-linux-gnu ;; \
    *) echo "Temporal has no native part for $TARGETARCH" >&2; exit 1 ;; \
  esac \
  && npm pkg delete devDependencies peerDependenciesMeta \
  && npm prune --ignore-scripts --no-audit --prefer-offline --os=linux --cpu=$cpu --libc=glibc \
  && find node_modules/@temporalio/core-bridge/releases -mindepth 1 -maxdepth 1 ! -name $bridge -exec rm -r {} + \
  && find node_modules -type d -empty -delete

# Debian's skopeo with the file it will not start without, and of the libraries it needs those that the
# runtime image lacks, where its loader looks for them.
FROM node AS skopeo
RUN apt-get update && apt-get install --yes --no-install-recommends skopeo && rm -rf /var/lib/apt/lists/*
RUN libraries="/image/usr/lib/$(uname -m)-linux-gnu" \
  && mkdir -p /image/usr/local/bin /image/etc/containers "$libraries" \
  && cp /usr/bin/skopeo /image/usr/local/bin/ && cp /etc/containers/policy.json /image/etc/containers/ \
  && ldd /usr/bin/skopeo | awk '$2 == "=>" && $3 ~ "^/" { print $3 }' \
    | grep -vE '/(libc|libm|libdl|librt|libpthread|libresolv|libgcc_s)\.so' \
    | xargs -I{} cp -L {} "$libraries"

FROM base AS runtime
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /image /
# The trusted keys of Sigstore are kept here, in the one place that is writable when the root is not.
ENV NODE_ENV=production XDG_CACHE_HOME=/tmp
LABEL org.opencontainers.image.licenses=Apache-2.0

FROM runtime AS orchestrator
COPY --from=temporal /build/node_modules /usr/local/lib/sdr-mirror/node_modules
LABEL org.opencontainers.image.title=sdr-orchestrator \
  org.opencontainers.image.description="Runs the connector apps of one deployment by the image map that mirror keeps"
# Where config.yaml and .env are looked for.
WORKDIR /etc/sdr-orchestrator
USER 10001:10001
# Reads the heartbeat that `run` leaves every ten seconds; asks neither network nor engine.
HEALTHCHECK --interval=15s --timeout=10s --start-period=60s --retries=3 CMD ["sdr-orchestrator", "health"]
ENTRYPOINT ["sdr-orchestrator"]
CMD ["run"]

FROM runtime AS mirror
COPY --from=skopeo /image /
LABEL org.opencontainers.image.title=sdr-mirror \
  org.opencontainers.image.description="Mirrors Atlan connector images into your registry, verified, and keeps the image map true"
# Where mirror.yaml is looked for.
WORKDIR /etc/sdr-mirror
USER 65532:65532
ENTRYPOINT ["mirror"]
CMD ["--help"]
