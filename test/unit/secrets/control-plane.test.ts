import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';
import {
  HASTY_CLOCK,
  SECRETS,
  startOrchestratorScene,
  type OrchestratorScene,
} from '../../support/orchestrator/cli-scene.ts';
import { echo } from '../../support/secrets/echo.ts';
import { assertUnmarked, core, filesBelow, mark } from '../../support/secrets/marks.ts';
import { startWitness, type Witness } from '../../support/secrets/witness.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { jwt } from '../../support/temporal/jwt.ts';

const WORDS = ['client', 'access', 'apikey'] as const;
const ACCESS = jwt({ iat: 1_000, exp: 9_999_999_999, jti: mark('access') });
/** By gRPC's numbers: who it is, and what it may. */
const REFUSALS = [16, 7, 14];

interface ControlPlane {
  readonly orchestrator: OrchestratorScene;
  /** Gives out access tokens. */
  readonly tenant: Witness;
  /** Everything that was printed or left since the start. */
  readonly told: () => Promise<string>;
  /** Runs a command to its end; `run` until it has come to a state. */
  readonly doctor: () => Promise<string>;
  readonly runUntil: (state: string) => Promise<void>;
}

/** An orchestrator that a secret lets into Temporal. */
async function start(t: TestContext, auth: string): Promise<ControlPlane> {
  const orchestrator = await startOrchestratorScene(t);
  const tenant = await startWitness(t, undefined, ({ body }) =>
    new URLSearchParams(String(body)).get('client_secret') === core('client')
      ? { status: 200, body: JSON.stringify({ access_token: ACCESS }) }
      : { status: 401 },
  );
  await orchestrator.write('.env', `CLIENT="${core('client')}"\nAPIKEY='${mark('apikey')}'\n`);
  await orchestrator.configure((text) =>
    text
      .replace('acme.atlan.com', tenant.host)
      .replace(SECRETS.client, '${CLIENT}')
      .replace('{ auth: none }', `{ address: "127.0.0.1:7233", tls: false, ${auth} }`),
  );
  orchestrator.change({ clock: HASTY_CLOCK });
  let printed = '';
  const run = async (...args: readonly string[]) => {
    const { stdout, stderr } = await orchestrator.program.run(...args, '--log-level', 'debug');
    printed += stdout + stderr;
    return stdout + stderr;
  };
  return {
    orchestrator,
    tenant,
    told: async () => `${printed}\n${await filesBelow(orchestrator.folder, ['.env'])}`,
    doctor: async () => run('doctor'),
    runUntil: async (state) => {
      const running = run('run');
      try {
        await waitFor(`the heartbeat says ${state}`, async () => {
          const text = await orchestrator.read('heartbeat.json').catch(() => '{}');
          return text.includes(`"state":"${state}"`) || text.includes(`"state": "${state}"`)
            ? true
            : undefined;
        });
      } finally {
        orchestrator.program.signal('SIGTERM');
        await running;
      }
      await run('health');
    },
  };
}

/** What lets an orchestrator in, and what Temporal is shown of it. */
const WAYS = {
  'an API key': { auth: 'api_key: "${APIKEY}"', shown: mark('apikey') },
  'an access token': { auth: 'auth: oauth', shown: ACCESS },
} as const;

for (const [way, { auth, shown }] of Object.entries(WAYS)) {
  test(`${way} goes to Temporal, and to nobody else`, async (t) => {
    const { orchestrator, told, doctor, runUntil, tenant } = await start(t, auth);
    assert.match(await doctor(), /control plane +Temporal at/);
    await runUntil('polling');
    assert.deepEqual(orchestrator.temporal.connections[0]?.apiKeys, [shown]);
    assertUnmarked(await told(), WORDS, 'what it says and leaves');
    assertUnmarked(tenant.heard(), ['apikey', 'access'], 'what the tenant hears');
  });

  for (const code of REFUSALS) {
    test(`${way} that Temporal repeats when it refuses with ${code}`, async (t) => {
      const { orchestrator, told, doctor, runUntil } = await start(t, auth);
      const refuse = (): never => {
        const details = `not yours: ${shown}; ${JSON.stringify({ sent: shown })}; Bearer ${shown}`;
        throw Object.assign(new Error(`${code}: ${details}`), { code, details });
      };
      orchestrator.temporal.answer = refuse;
      assert.match(await doctor(), /not yours: \[secret\]/);
      orchestrator.temporal.connect = refuse;
      assert.match(await doctor(), /not yours: \[secret\]/);
      await runUntil(code === 14 ? 'unreachable' : 'refused');
      assertUnmarked(await told(), WORDS, 'what it says and leaves');
    });
  }
}

test('a client secret that the token service repeats when it refuses', async (t) => {
  const { tenant, told, doctor, runUntil } = await start(t, WAYS['an access token'].auth);
  for (const status of [200, 302, 400, 401, 403]) {
    tenant.reply = echo(status);
    assert.match(await doctor(), /TOKEN_|control plane/);
  }
  await runUntil('refused');
  assert.match(tenant.heard(), new RegExp(core('client')));
  assertUnmarked(await told(), WORDS, 'what it says and leaves');
});
