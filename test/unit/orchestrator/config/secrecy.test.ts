import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { test } from 'node:test';
import {
  assert as check,
  asyncProperty,
  constantFrom,
  oneof,
  string,
  stringMatching,
  tuple,
} from 'fast-check';
import { inspectOrchestratorConfig } from '../../../../src/orchestrator/config/inspect.ts';
import { MINIMAL, load, sourcesOf } from '../../../support/orchestrator/config.ts';

/** Every setting that holds a text, written with the environment's help. */
const CONFIGURATION = `
atlan:
  deployment_name: "\${DEPLOYMENT}"
  domain: "\${DOMAIN}"
  client_id: "\${ID}"
  client_secret: "\${SECRET}"
objectstore:
  type: "\${TYPE}"
  version: "\${VERSION}"
  metadata: [{ name: "\${NAME}", value: "\${VALUE}" }, { name: a, secretKeyRef: { name: "\${KEY}" } }]
container_registry:
  base: "\${BASE}"
  base_replaces: "\${REPLACES}"
  image_map_path: "\${MAP}"
  username: "\${USERNAME}"
  password_file: "\${PASSWORD_FILE}"
  host: "\${HOST}"
orchestrator:
  socket: "\${SOCKET}"
  data_folder: "\${DATA}"
  reconcile_interval: "\${INTERVAL}"
  control_plane: { callback_url: "\${CALLBACK}" }
  registries: { registry.example: { username: "\${USER2}", password: "\${PASSWORD2}" } }
  verify: { mode: "\${MODE}", keys: [{ pem: "\${PEM}" }] }
  apps:
    a:
      memory: "\${MEMORY}"
      environment: { PASSWORD: "\${APP_PASSWORD}" }
      ports: ["\${PORT}"]
      mounts: [{ source: "\${SOURCE}", target: "\${TARGET}" }]
      health: { path: "\${PATH_OF_PROBE}", settle: "\${SETTLE}" }
  temporal: { address: "\${ADDRESS}", tls: { ca: "\${CA}", key: "\${CLIENT_KEY}" }, api_key: "\${API_KEY}" }
  releases: { url: "\${RELEASES}", token_file: "\${TOKEN_FILE}" }
`;

const VARIABLES = [...CONFIGURATION.matchAll(/\$\{(\w+)\}/g)].map(([, name = '']) => name);

const secret = oneof(
  string({ unit: 'binary-ascii', minLength: 6, maxLength: 30 }),
  stringMatching(/^[A-Za-z0-9+/=_-]{6,40}$/),
  stringMatching(/^https?:\/\/[a-z]{3,8}:[a-zA-Z0-9]{6,12}@[a-z]{3,8}\.example\/x$/),
  stringMatching(/^\/run\/[a-z]{6,12}$/),
).filter((text) => text.trim().length >= 6);

test('whatever the environment holds, no problem repeats it', async () => {
  await check(
    asyncProperty(tuple(secret, constantFrom(...VARIABLES)), async ([value, variable]) => {
      const env = Object.fromEntries(VARIABLES.map((name) => [name, 'x']));
      const { errors, warnings } = await inspectOrchestratorConfig(
        sourcesOf(CONFIGURATION, { env: { ...env, [variable]: value } }),
      );
      assert.ok(errors.length > 0);
      const told = [...errors, ...warnings].map(({ message }) => message).join('\n');
      assert.ok(!told.includes(value), `${variable} is told: ${told}`);
    }),
    { numRuns: 100, examples: VARIABLES.map((name) => [['sup3r-s3cret', name]]) },
  );
});

test('a loaded configuration shows no secret when it is printed', async () => {
  const config = await load(
    `${MINIMAL.replace('the-secret', 'hunter2-oauth')}      - { name: secretKey, value: hunter2-bucket }
container_registry: { image_map_path: m.yaml, username: ci, password: hunter2-registry }
orchestrator:
  apps: { a: { environment: { TOKEN: hunter2-app } } }
  temporal: { api_key: hunter2-temporal }
  releases: { token: hunter2-releases }
  registries: { registry.example: { username: u, password: hunter2-host } }
`,
  );
  for (const text of [inspect(config, { depth: 20, showHidden: true }), JSON.stringify(config)]) {
    assert.doesNotMatch(text, /hunter2/);
  }
});
