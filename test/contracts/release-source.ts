import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ReleaseSourceError } from '../../src/errors.ts';
import type { Release, ReleaseSource } from '../../src/releases/release-source.ts';

/** One source under test, and the means to change what stands behind it. */
export interface ReleaseSourceSubject {
  readonly source: ReleaseSource;
  /** Announces these, after entries without a usable image if `unusable` says how many. */
  announce(releases: readonly Release[], unusable?: number): Promise<void>;
  /** Makes the list impossible to have. */
  break(): Promise<void>;
  close(): Promise<void>;
}

export const teradata: Release = {
  image: 'atlanhq/atlan-teradata-app:3.1.4',
  appName: 'teradata',
  appId: '019aaaaa-0000-7000-8000-000000000001',
  version: '3.1.4',
  versionId: '019b2b7d-0000-7000-8000-000000000001',
};
export const orchestrator: Release = {
  image: 'atlanhq/atlan-sdr-orchestrator-k8s:0.3.0',
  appName: 'sdr-orchestrator-k8s',
  version: '0.3.0',
};

/** What every release source promises. */
export function releaseSourceContract(
  name: string,
  create: () => Promise<ReleaseSourceSubject>,
): void {
  describe(`release source: ${name}`, () => {
    test('tells what is announced, in that order', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      await subject.announce([teradata, orchestrator]);
      assert.deepEqual(await subject.source.latest(), {
        releases: [teradata, orchestrator],
        skipped: [],
      });
    });

    test('an empty list means none announced', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      await subject.announce([]);
      assert.deepEqual(await subject.source.latest(), { releases: [], skipped: [] });
    });

    test('asks anew every time', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      await subject.announce([teradata]);
      await subject.source.latest();
      await subject.announce([orchestrator]);
      assert.deepEqual((await subject.source.latest()).releases, [orchestrator]);
    });

    test('skips entries without a usable image in words, and keeps the others', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      await subject.announce([teradata], 2);
      const { releases, skipped } = await subject.source.latest();
      assert.deepEqual(releases, [teradata]);
      assert.equal(skipped.length, 2);
      for (const sentence of skipped) assert.match(sentence, /\w+ \w+/);
    });

    test('a list that cannot be had is an error, never an empty list', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      await subject.break();
      await assert.rejects(subject.source.latest(), ReleaseSourceError);
    });

    test('says where it looks', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      assert.notEqual(subject.source.location, '');
    });

    test('rejects with the reason of its signal', async (t) => {
      const subject = await create();
      t.after(() => subject.close());
      await subject.announce([teradata]);
      const reason = new Error('stop');
      await assert.rejects(
        subject.source.latest({ signal: AbortSignal.abort(reason) }),
        (error) => error === reason,
      );
    });
  });
}
