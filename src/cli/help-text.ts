/** How to begin, and what the exit codes say. */
export const OVERVIEW: string = `
Start here:
  $ mirror init      # asks three things and writes mirror.yaml
  $ mirror doctor    # tries everything a run needs
  $ mirror plan      # says what would happen
  $ mirror run       # lets it happen

Exit codes:
  0 done, or nothing to do     4 a signature is missing, invalid or of a stranger
  1 a bug                      5 the releases could not be read
  2 configuration or usage     6 the map could not be read or written
  3 a registry                 130, 143 stopped by a signal; what was finished is published
  With several failures the gravest decides: 4, 2, 5, 6, 3, 1.`;

/** What is asked, and how it is said without a terminal. */
export const INIT_HELP: string = `
Asks for the tenant, the registry images go to, and where the image map lies, as far as the command
line does not say. The file is the one that the other commands read; one that is there is left alone.
Relative paths start at its folder.

Without a terminal:
  $ mirror init --releases-url https://acme.atlan.com --target registry.mycompany.com/atlan \\
      --map s3://acme-sdr/sdr/image-map.yaml`;

export const RUN_HELP: string = `
One image that fails keeps no other from being mirrored. A run may be stopped at any moment: the
next one does the rest, and one that has nothing to do writes nothing.

An image whose tag shows the right digest is taken to be whole. With --repair every part of it is
asked for, and its signature looked for at the target: what is lost there is copied again.

Without a configuration file:
  $ export ATLAN_API_TOKEN=…
  $ mirror run --releases-url https://acme.atlan.com \\
      --target 'registry.mycompany.com/atlan/{name}:{tag}' --map file:image-map.yaml

Credentials of registries come from registries: in the configuration or from docker's own
configuration (docker login).`;

export const PLAN_HELP: string = `
Reads the releases, the map and both registries. Signatures are not looked at: mirror run --dry-run
does that too.`;

export const STATUS_HELP: string = `
Looks at every image that is announced or that the map names for this job, and changes nothing:
  unmirrored  announced, but neither at the target nor in the map
  missing     the map leads there, and nothing is there
  drifted     the target's tag names another image than the source's
  incomplete  its tag is there, but manifests or blobs below it are lost
  unsigned    the signature that let it in is no longer with it
  unmapped    at the target, but the map does not lead there
  unchecked   it could not be looked at
Well, and only worth knowing: foreign (somebody's own entry), stale (in the map, no longer announced),
withdrawn (the source no longer has it).

mirror run mends what is unmirrored, missing or unmapped; mirror run --repair also what is incomplete
or unsigned.`;

export const RESOLVE_HELP: string = `
  $ mirror resolve atlanhq/atlan-teradata-app:3.1.4
  atlanhq/atlan-teradata-app:3.1.4 → registry.mycompany.com/atlan/atlan-teradata-app:3.1.4  (exact entry …)`;

export const VERIFY_HELP: string = `
By the signers that the configuration accepts; without one, by the vendor's:
  $ mirror verify atlanhq/atlan-teradata-app:3.1.4
Against another signer:
  $ mirror verify ghcr.io/acme/app:1.0 --identity-subject https://github.com/acme/app/.github/workflows/release.yaml@refs/heads/main \\
      --identity-issuer https://token.actions.githubusercontent.com`;

export const COPY_HELP: string = `
With all its platforms, signatures, attestations and SBOMs, and with its digest: nothing is rebuilt.
Verified first, by the signers that the configuration accepts; without one, by the vendor's:
  $ mirror copy atlanhq/atlan-teradata-app:3.1.4 registry.mycompany.com/atlan/atlan-teradata-app:3.1.4
Anybody's image, without a look at who signed it:
  $ mirror copy ghcr.io/acme/app:1.0 registry.mycompany.com/acme/app --verify off

A target without a tag takes the source's. No map is read or written. An image that the target holds
already costs the requests of its verification; what is missing there of its signatures is added.`;

/** What the doctor touches. */
export const DOCTOR_HELP: string = `
Reads the releases; asks each source registry for one image; begins an upload in every repository a
run would write to, and gives it up; reads, writes, replaces and removes a scratch object beside the
map, to prove its compare-and-swap; loads the trust root; looks whether reports could be written and
their receivers answer, and what time the registries say it is. Neither map nor images are changed,
and nothing is posted.

Missing repositories of Amazon ECR are created where registries: says createRepositories.`;
