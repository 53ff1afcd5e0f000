import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'node:test';

const module = join(import.meta.dirname, '../../../src/cli/small-heap.ts');

// What the flags do is measured, not tested: docs/performance.md.
test('this V8 knows the flags: it names to the user what it does not know', async () => {
  const script = `import { keepHeapSmall } from ${JSON.stringify(module)}; keepHeapSmall();`;
  const args = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const { stderr } = await promisify(execFile)(process.execPath, args);
  assert.equal(stderr, '');
});
