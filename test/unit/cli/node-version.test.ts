import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { unsupportedNode } from '../../../src/cli/node-version.ts';

test('versions the dependencies run on are let through', () => {
  for (const version of ['22.22.2', '22.23.0', '24.15.0', '24.21.1', '26.0.0', '27.1.0']) {
    assert.equal(unsupportedNode(version), undefined, version);
  }
});

test('others are told in one line what is needed and what is there', () => {
  for (const version of ['18.20.0', '20.20.2', '22.22.1', '23.11.0', '24.14.9', '25.2.0']) {
    const line = unsupportedNode(version) ?? '';
    assert.match(line, /needs Node/);
    assert.ok(line.includes(version) && !line.includes('\n'), version);
  }
});

test('the line says what package.json says', () => {
  const manifest = JSON.parse(
    readFileSync(join(import.meta.dirname, '../../../package.json'), 'utf8'),
  ) as { engines: { node: string } };
  assert.ok(unsupportedNode('20.0.0')?.includes(manifest.engines.node));
});
