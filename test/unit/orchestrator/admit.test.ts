import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { RegistryError, SignatureError } from '../../../src/errors.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { createAdmission, type Admission } from '../../../src/orchestrator/admit.ts';
import type { OrchestratorVerifyConfig } from '../../../src/orchestrator/config/config.ts';
import type { ResolvedImage } from '../../../src/orchestrator/resolve/resolved-image.ts';
import type { Credential } from '../../../src/registry/credentials.ts';
import type { HostSettingsByHost } from '../../../src/registry/hosts.ts';
import { parseReference, type Digest, type Repository } from '../../../src/registry/reference.ts';
import { Secret } from '../../../src/secret.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';
import type { Revision } from '../../../src/stores/map-store.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { buildImage, push } from '../../support/images.ts';
import { startRegistry } from '../../support/registry/server.ts';

const REPOSITORY = 'registry.mycompany.com/atlan/teradata';
const PASSWORD = new Secret('pw');
const OWN_KEY: SignaturePolicy = {
  identities: [],
  keys: [{ name: 'own', pem: '…', requireLog: false }],
  require: { signatures: 1, attestations: [] },
};

const IMAGE: ResolvedImage = {
  announced: 'atlanhq/atlan-teradata-app:3.1.4',
  reference: parseReference(`${REPOSITORY}:3.1.4`),
  explanation: {
    rule: 'map-exact',
    map: {
      location: 'memory:map',
      revision: '7' as Revision,
      entry: { key: 'atlanhq/atlan-teradata-app:3.1.4', value: `${REPOSITORY}:3.1.4`, line: 2 },
    },
  },
};

/** A registry that holds the image, and an admission that asks it. */
class World {
  readonly registry = new MemoryRegistry();
  readonly verifier = new FakeSignatureVerifier();
  readonly log: LogRecord[] = [];
  /** What the registries were opened with, one for each admission. */
  readonly opened: HostSettingsByHost[] = [];
  /** The policies that were asked for. */
  readonly policies: SignaturePolicy[] = [];
  closed = 0;
  readonly digest: Digest;

  constructor() {
    const image = buildImage({ seed: 'teradata' });
    push(this.registry.repository(REPOSITORY), image, '3.1.4');
    this.digest = image.digest;
  }

  admission(verify: Partial<OrchestratorVerifyConfig> = {}): Admission {
    return createAdmission({
      images: {
        map: { store: 'memory:map', settings: {} },
        base: undefined,
        baseReplaces: 'docker.io/atlanhq',
        credential: { username: 'ci', password: PASSWORD, host: undefined },
      },
      registries: {},
      verify: {
        mode: 'enforce',
        policy: VENDOR_POLICY,
        overrides: [],
        trustRoot: { kind: 'public' },
        ...verify,
      },
      trustRoot: { location: 'none', load: async () => Promise.reject(new Error('not asked for')) },
      env: {},
      logger: createLogger((record) => this.log.push(record)),
      openRegistries: (hosts) => {
        this.opened.push(hosts);
        return {
          source: this.registry,
          credentialFor: async (registry) => credentialOf(hosts, registry),
          close: () => void (this.closed += 1),
        };
      },
      openVerifier: (_registry, policyFor: (image: Repository) => SignaturePolicy) => ({
        verify: async (image, options) => {
          this.policies.push(policyFor(image));
          return this.verifier.verify(image, options);
        },
      }),
    });
  }
}

function credentialOf(hosts: HostSettingsByHost, registry: string): Credential {
  const { username, password } = hosts[registry] ?? {};
  return username === undefined || password === undefined
    ? { kind: 'anonymous', origin: 'nothing' }
    : { kind: 'basic', username, password, origin: 'the test' };
}

describe('enforce', () => {
  test('admits a signed image by the digest it was verified under, with what it is pulled by', async () => {
    const world = new World();
    world.verifier.accept(world.digest);
    const admitted = await world.admission().admit(IMAGE);
    assert.deepEqual(admitted.image, {
      kind: 'digest',
      registry: 'registry.mycompany.com',
      repository: 'atlan/teradata',
      digest: world.digest,
      tag: '3.1.4',
    });
    assert.deepEqual(world.verifier.asked, [admitted.image]);
    assert.equal(admitted.verification?.digest, world.digest);
    assert.equal(admitted.waived, undefined);
    assert.equal(admitted.resolved, IMAGE);
    assert.deepEqual(admitted.credential, {
      kind: 'basic',
      username: 'ci',
      password: PASSWORD,
      origin: 'the test',
    });
  });

  test('refuses one without an acceptable signature', async () => {
    const world = new World();
    await assert.rejects(world.admission().admit(IMAGE), SignatureError);
    const untrusted = new SignatureError('SIGNER_UNTRUSTED', 'signed by somebody');
    world.verifier.refuse(world.digest, untrusted);
    await assert.rejects(world.admission().admit(IMAGE), untrusted);
    assert.equal(world.closed, 2);
  });

  test('looks at the registry once more for every command', async () => {
    const world = new World();
    world.verifier.accept(world.digest);
    const admission = world.admission();
    await admission.admit(IMAGE);
    const next = buildImage({ seed: 'teradata, rebuilt' });
    push(world.registry.repository(REPOSITORY), next, '3.1.4');
    world.verifier.accept(next.digest);
    assert.equal((await admission.admit(IMAGE)).image.digest, next.digest);
    assert.deepEqual([world.opened.length, world.closed], [2, 2]);
  });
});

describe('warn', () => {
  test('admits an image without a signature, and says so', async () => {
    const world = new World();
    const admitted = await world.admission({ mode: 'warn' }).admit(IMAGE);
    assert.match(admitted.waived ?? '', /is not signed/);
    assert.equal(admitted.verification, undefined);
    assert.deepEqual(
      world.log.map(({ level, fields }) => [level, fields['code'], fields['digest']]),
      [['warn', 'SIGNATURE_MISSING', world.digest]],
    );
  });

  test('says nothing of a signed one', async () => {
    const world = new World();
    world.verifier.accept(world.digest);
    assert.equal((await world.admission({ mode: 'warn' }).admit(IMAGE)).waived, undefined);
    assert.deepEqual(world.log, []);
  });

  test('is no excuse where nobody could be asked', async () => {
    const world = new World();
    const down = new RegistryError('REGISTRY_UNAVAILABLE', 'down');
    world.verifier.refuse(world.digest, down);
    await assert.rejects(world.admission({ mode: 'warn' }).admit(IMAGE), down);
  });
});

describe('off', () => {
  test('asks nobody, and says so', async () => {
    const world = new World();
    const admitted = await world.admission({ mode: 'off' }).admit(IMAGE);
    assert.deepEqual(
      [admitted.image.digest, admitted.waived, world.verifier.asked],
      [world.digest, 'verification is switched off', []],
    );
  });
});

describe('the policy', () => {
  for (const [match, policy] of [
    ['atlan/teradata', OWN_KEY],
    ['registry.mycompany.com/*', OWN_KEY],
    ['atlanhq/atlan-teradata-app', OWN_KEY],
    ['docker.io/atlanhq/*', OWN_KEY],
    ['atlan/mysql', VENDOR_POLICY],
  ] as const) {
    test(`of ${match} ${policy === OWN_KEY ? 'holds' : 'does not hold'} for the image`, async () => {
      const world = new World();
      world.verifier.accept(world.digest);
      await world.admission({ overrides: [{ match, policy: OWN_KEY }] }).admit(IMAGE);
      assert.deepEqual(world.policies, [policy]);
    });
  }
});

describe('an image', () => {
  test('that is not there is named with the rule that led to it', async () => {
    const world = new World();
    await assert.rejects(
      world.admission().admit({ ...IMAGE, reference: parseReference(`${REPOSITORY}:9`) }),
      (error) =>
        error instanceof RegistryError &&
        error.code === 'REGISTRY_NOT_FOUND' &&
        error.message.startsWith(
          `${REPOSITORY}:9 does not exist. It was asked for in place of atlanhq/atlan-teradata-app:3.1.4 by this rule: exact entry memory:map:2:`,
        ),
    );
    assert.equal(world.closed, 1);
  });

  test('that is named by digest is not looked up', async () => {
    const world = new World();
    world.verifier.accept(world.digest);
    const reference = parseReference(`${REPOSITORY}@${world.digest}`);
    const { image } = await world.admission().admit({ ...IMAGE, reference });
    assert.deepEqual(image, reference);
    assert.deepEqual(world.registry.calls, []);
  });

  test('is waited for no longer than its caller does', async () => {
    const world = new World();
    const signal = AbortSignal.abort(new Error('enough'));
    await assert.rejects(world.admission().admit(IMAGE, { signal }), /enough/);
    assert.equal(world.closed, 1);
  });
});

describe('with the registries of this product', () => {
  test("a registry is signed in to as container_registry's user, and the engine will be, too", async (t) => {
    const server = await startRegistry({ auth: { kind: 'basic', users: { ci: 'pw' } } });
    t.after(() => server.close());
    const image = buildImage({ seed: 'teradata' });
    push(server.store.repository('atlan/teradata'), image, '3.1.4');
    const admission = createAdmission({
      images: {
        map: undefined,
        base: `${server.host}/atlan`,
        baseReplaces: 'docker.io/atlanhq',
        credential: { username: 'ci', password: PASSWORD, host: undefined },
      },
      registries: { [server.host]: { plainHttp: true } },
      verify: { mode: 'off', policy: VENDOR_POLICY, overrides: [], trustRoot: { kind: 'public' } },
      trustRoot: { location: 'none', load: async () => Promise.reject(new Error('not asked for')) },
      env: {},
    });
    const { image: admitted, credential } = await admission.admit({
      announced: 'atlanhq/teradata:3.1.4',
      reference: parseReference(`${server.host}/atlan/teradata:3.1.4`),
      explanation: { rule: 'base', replaced: 'docker.io/atlanhq', by: `${server.host}/atlan` },
    });
    assert.equal(admitted.digest, image.digest);
    assert.ok(credential.kind === 'basic');
    assert.deepEqual([credential.username, credential.password.reveal()], ['ci', 'pw']);
  });
});
