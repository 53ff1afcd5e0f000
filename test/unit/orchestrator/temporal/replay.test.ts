import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { bundleWorkflows } from '../../../support/temporal/bundle.ts';

const HISTORIES = join(import.meta.dirname, '../../../fixtures/histories');

const histories = readdirSync(HISTORIES, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.json'),
);

// A workflow that one version has begun may be continued by the next, in the midst of a self-update above all.
describe('the workflows continue what earlier versions have begun', () => {
  let bundle: Awaited<ReturnType<typeof bundleWorkflows>>;

  before(async () => {
    Runtime.install({
      logger: new DefaultLogger('ERROR'),
      telemetryOptions: { logging: { filter: { core: 'ERROR' }, forward: {} } },
      shutdownSignals: [],
    });
    bundle = await bundleWorkflows();
  });

  after(async () => bundle.remove());

  async function replay(file: string, change = (text: string) => text): Promise<void> {
    const history: unknown = JSON.parse(change(readFileSync(join(HISTORIES, file), 'utf8')));
    await Worker.runReplayHistory(
      { workflowBundle: { codePath: bundle.path } },
      history,
      basename(file, '.json'),
    );
  }

  for (const file of histories) {
    test(file, async () => replay(file));
  }

  test('and what they would do otherwise is noticed', async () => {
    const upgrade = histories.find((file) => basename(file) === 'upgrade.json') ?? '';
    // The activity that was recorded becomes another than the workflow's.
    await assert.rejects(
      replay(upgrade, (text) =>
        text.replace(/(?<="activityType": \{\s*"name": )"upgrade"/, '"install"'),
      ),
      { name: 'DeterminismViolationError' },
    );
  });
});
