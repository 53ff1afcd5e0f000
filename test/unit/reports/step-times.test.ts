import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { RunEvent } from '../../../src/mirror/run.ts';
import { StepTimes } from '../../../src/reports/step-times.ts';
import { imageRecord } from '../../support/run-record.ts';

test('each step ends where the next begins, and the last with the image', () => {
  let now = 1000;
  const times = new StepTimes(() => now);
  const at = (ms: number, event: RunEvent): void => {
    now = 1000 + ms;
    times.onEvent(event);
  };
  const image = 'atlanhq/a:1';
  at(0, { type: 'started', images: 1 });
  at(10, { type: 'step', image, step: 'discover' });
  at(30, { type: 'step', image, step: 'verify' });
  at(100, { type: 'step', image, step: 'copy' });
  at(200, { type: 'progress', image, progress: { totalBytes: 50, doneBytes: 10 } });
  at(300, { type: 'progress', image, progress: { totalBytes: 90, doneBytes: 90 } });
  at(400, { type: 'finished', report: imageRecord('a:1') });
  // The target has lost it meanwhile.
  at(900, { type: 'finished', report: imageRecord('a:1', { outcome: 'failed' }) });

  assert.deepEqual(times.of(image), {
    steps: [
      { step: 'discover', startMs: 10, durationMs: 20 },
      { step: 'verify', startMs: 30, durationMs: 70 },
      { step: 'copy', startMs: 100, durationMs: 300 },
    ],
    size: 90,
  });
  assert.deepEqual(times.of('atlanhq/never-seen:1'), {});
});
