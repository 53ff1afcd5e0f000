import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Failure } from '../../../src/orchestrator/commands.ts';
import { startDocker } from '../../support/servers/docker.ts';
import { startPodman } from '../../support/servers/podman.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { whyNot } from '../engine/real-engine.ts';
import { startAppScene, type AppScene } from './app-scene.ts';

const ENGINES = [
  { name: 'Docker', program: 'dockerd', start: startDocker },
  { name: 'Podman', program: 'podman', start: startPodman },
] as const;

interface Outage {
  readonly title: string;
  readonly make: (scene: AppScene) => Promise<void> | void;
  readonly end: (scene: AppScene) => Promise<void> | void;
  /** What is asked for meanwhile. */
  readonly version?: string;
  /** Whether it is the engine that meets it, so that each engine has to be tried. */
  readonly isOfEngine?: true;
  readonly exitCode: number;
  readonly failure: Pick<Failure, 'code' | 'retryable' | 'step'>;
}

/** What comes between an orchestrator and an image, each ended before the next. */
const OUTAGES: readonly Outage[] = [
  {
    title: 'an object store that is gone',
    make: async ({ store }) => store.kill(),
    end: async ({ store }) => store.restart(),
    exitCode: 6,
    failure: { code: 'MAP_UNAVAILABLE', retryable: true, step: 'resolve' },
  },
  {
    title: 'a registry that does not know the credential any more (401)',
    make: ({ registry }) => registry.shut('locked'),
    end: ({ registry }) => registry.shut('open'),
    exitCode: 3,
    failure: { code: 'REGISTRY_UNAUTHORIZED', retryable: false, step: 'resolve' },
  },
  {
    title: 'a registry that lets in us and not the engine (401)',
    isOfEngine: true,
    make: ({ registry }) => registry.shut('locked', 'the engine'),
    end: ({ registry }) => registry.shut('open'),
    exitCode: 3,
    failure: { code: 'REGISTRY_UNAUTHORIZED', retryable: false, step: 'pull' },
  },
  {
    title: 'a registry that is asked too often, for hours (429)',
    make: ({ registry }) => registry.shut('busy for hours'),
    end: ({ registry }) => registry.shut('open'),
    exitCode: 3,
    failure: { code: 'REGISTRY_RATE_LIMITED', retryable: true, step: 'resolve' },
  },
  {
    title: 'a registry that is asked too often by the engine (429)',
    isOfEngine: true,
    make: ({ registry }) => registry.shut('busy', 'the engine'),
    end: ({ registry }) => registry.shut('open'),
    exitCode: 3,
    failure: { code: 'REGISTRY_RATE_LIMITED', retryable: true, step: 'pull' },
  },
  {
    title: 'a disk without room for the image',
    isOfEngine: true,
    version: 'large',
    make: () => {},
    end: () => {},
    exitCode: 7,
    failure: { code: 'ENGINE_REFUSED', retryable: false, step: 'pull' },
  },
];

/** What comes between an orchestrator and an image, on each engine. */
export function imageOutages(): void {
  describe('an app outlives', { concurrency: true }, () => {
    for (const { name, program, start } of ENGINES) {
      test(`on ${name}`, { skip: whyNot(program) ?? false }, async (t) => {
        const scene = await startAppScene(t, start);
        const installed = await scene.run('install', '1');
        assert.equal(installed.exitCode, 0, installed.said);

        for (const [index, outage] of OUTAGES.entries()) {
          if (outage.isOfEngine !== true && program !== 'dockerd') continue;
          await t.test(outage.title, async () => {
            await assertOutlived(scene, outage, `${index + 2}`);
          });
        }

        if (program !== 'dockerd') return;
        await t.test('a registry that asks for a moment of patience (429)', async () => {
          scene.registry.shut('busy');
          const patient = scene.run('upgrade', '1');
          await asked(scene, 2);
          scene.registry.shut('open');
          const { exitCode, said } = await patient;
          assert.equal(exitCode, 0, said);
        });
      });
    }
  });
}

/** The command fails in words, what serves is not touched, and afterwards the same command succeeds. */
async function assertOutlived(scene: AppScene, outage: Outage, next: string): Promise<void> {
  const before = await scene.status();
  await outage.make(scene);
  try {
    const { exitCode, result, said } = await scene.run('upgrade', outage.version ?? next);
    assert.ok(result.outcome === 'failed', said);
    const { code, retryable, step } = result.failure;
    assert.deepEqual({ code, retryable, step }, outage.failure, said);
    assert.equal(exitCode, outage.exitCode, said);
    assert.equal(result.serving?.version, before.current?.version);
    assert.deepEqual(await scene.status(), before);
    // Nothing is pulled from where the image was announced instead.
    assert.doesNotMatch(said, /docker\.io/);
  } finally {
    await outage.end(scene);
  }
  const { exitCode, result, said } = await scene.run('upgrade', next);
  assert.equal(exitCode, 0, said);
  assert.equal(result.serving?.version, next);
  assert.deepEqual((await scene.status()).others, []);
}

/** Waits until the registry has been asked so many times more. */
async function asked({ registry }: AppScene, times: number): Promise<void> {
  const enough = registry.requests.length + times;
  await waitFor('the registry is asked again', () =>
    registry.requests.length >= enough ? true : undefined,
  );
}
