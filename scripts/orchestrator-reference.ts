import type { JsonSchema } from '@valibot/to-json-schema';
import { settingsTables } from './configuration-reference.ts';

const INTRODUCTION = `# Configuration of the orchestrator

<!-- Made from the validator by scripts/generate-schema.ts; change src/orchestrator/config/schema instead. -->

\`sdr-orchestrator\` reads the vendor's own \`config.yaml\` and \`.env\`, so that both can be taken over as they are. What only this orchestrator knows stands under \`orchestrator:\`, which the vendor's ignores. The smallest \`config.yaml\` that works, with an image map:

\`\`\`yaml
atlan:
  deployment_name: prod
  domain: acme.atlan.com
components:
  objectstore:
    type: bindings.aws.s3
    version: v1
    metadata:
      - { name: bucket, value: acme-sdr }
      - { name: region, value: eu-central-1 }
container_registry:
  image_map_path: sdr/image-map.yaml
  host: registry.mycompany.com
  username: sdr
  password_file: /run/secrets/registry
\`\`\`

and \`.env\` beside it:

\`\`\`sh
SDR_DEPLOYMENT_NAME=prod
ATLAN_AUTH_CLIENT_ID=…
ATLAN_AUTH_CLIENT_SECRET=…
\`\`\`

\`sdr-orchestrator config check\` tells everything that is wrong at once, each with its line and column, and what is perhaps not as it was meant. Editors check the file with the schema that comes with the package:

\`\`\`yaml
# yaml-language-server: $schema=./node_modules/sdr-mirror/orchestrator.schema.json
\`\`\`

## Where it is read from

- \`config.yaml\` is the file given by \`--config\`, else the one named in \`SDR_ORCHESTRATOR_CONFIG\`, else \`config.yaml\` in the working folder.
- \`.env\` is the file given by \`--env-file\`, else \`.env\` beside \`config.yaml\`, if there is one. The environment of the process wins over it, unless a variable is set to nothing.
- A setting that file and environment give differently is an error: nobody can know which of two deployments is meant. Apart from the name of the deployment and the OAuth pair, the environment gives no setting by itself.
- \`\${NAME}\`, \`\${NAME:-default}\` and \`$\${\` work as in [\`mirror.yaml\`](configuration.md#values), and see \`.env\` too.
- Components may stand under \`components:\` or at the top of the file. What templates leave empty (\`username: ""\`) counts as left out; a placeholder \`{{…}}\` that is left over is an error.
- Keys that are not known are errors under \`orchestrator:\`. In the vendor's own sections they are noted and not used, unless they look like a slip of a known one.

## Where images come from

For every install and upgrade, its own included, the orchestrator decides anew, and \`sdr-orchestrator resolve --explain\` says how:

1. With \`container_registry.image_map_path\` (or \`orchestrator.map\`) the image map decides alone. It is read from object storage now. If it cannot be read, is not there or not valid, the command fails: nothing is ever pulled from a public registry instead. An image without an entry is pulled from where it was announced.
2. Else with \`container_registry.base\` the beginning \`base_replaces\` of the name gives way to \`base\`: \`atlanhq/atlan-teradata-app:3.1.4\` becomes \`registry.mycompany.com/atlan/atlan-teradata-app:3.1.4\`. How the vendor's own orchestrator rewrites is not documented: compare with \`resolve --explain\` before relying on it.
3. Else it is pulled from where it was announced.

User and password of \`container_registry\` are sent to one registry only: \`host\`, else the one that the map or \`base\` leads to, else Docker Hub. An image that is pulled from where it was announced although there is a mirror is pulled without them. Other registries, certificate authorities and client certificates are configured under \`orchestrator.registries\`, and what docker is signed in to is used as well.

## What may run

A tag is resolved to a digest once, the digest is verified, and the same digest is pulled and run. By default an image runs only if the vendor signed it. Images that you rebuild bear your own signature:

\`\`\`yaml
orchestrator:
  verify:
    overrides:
      - match: registry.mycompany.com/atlan/rebuilt-*
        keys: [{ pem: cosign.pub, requireLog: false }]
\`\`\`

\`match\` is compared with the name an image is pulled by and with the one it was announced by. \`mode: warn\` runs images without an acceptable signature, too, and says so; \`mode: off\` does not look.

## What apps are given

- The environment the vendor documents, for apps of the older and the newer generation, and \`HTTP_PROXY\`, \`HTTPS_PROXY\`, \`ALL_PROXY\` and \`NO_PROXY\` as the orchestrator has them. What \`environment\` says is stronger.
- The Dapr components as files under \`/app/components\`, read-only: yours, \`deployment-secret-store\`, \`atlan-objectstore\` and, unless you describe one, \`secretstore\` (the environment). Variables that components take from the environment are handed on from the orchestrator's; one that is missing is an error.
- The files lie in \`orchestrator.data_folder\`, in a folder named by its content that only the orchestrator's user and group can read. Apps run as another user and are members of that group. The engine must be able to mount the folder: run the orchestrator with a folder of the host there, \`-v /var/lib/sdr-orchestrator:/var/lib/sdr-orchestrator\`.
- The image's own entrypoint, without capabilities and new privileges, and a log that the engine bounds.

A configuration is read at the start of the orchestrator. \`sdr-orchestrator restart APP\` makes an app's container anew from it.
`;

/** Sections that are those of mirror.yaml, word for word. */
const SHARED: Readonly<Record<string, string>> = {
  map: '`map` (without `entries` and `existing`). `store` wins over `container_registry.image_map_path`; without `store` and `component` the component `objectstore` of this file is meant.',
  registries: '`registries`.',
  verify: '`verify` (without `grace`).',
};

/** The page on the orchestrator's configuration. */
export function orchestratorReference(schema: JsonSchema): string {
  return `${[INTRODUCTION.trimEnd(), ...settingsTables(withoutShared(schema))].join('\n')}\n`;
}

function withoutShared(schema: JsonSchema): JsonSchema {
  const { orchestrator } = schema.properties ?? {};
  if (typeof orchestrator !== 'object') return schema;
  const own = Object.entries(orchestrator.properties ?? {}).map(([key, child]) => {
    const shared = SHARED[key];
    const description = `As in [\`mirror.yaml\`](configuration.md#${key}): ${shared ?? ''}`;
    return [key, shared === undefined ? child : { type: 'object' as const, description }] as const;
  });
  const section = { ...orchestrator, properties: Object.fromEntries(own) };
  return { ...schema, properties: { ...schema.properties, orchestrator: section } };
}
