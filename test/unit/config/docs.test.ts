import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SECTIONS } from '../../../src/config/schema/settings.ts';
import { parseConfigDocument } from '../../../src/settings/document.ts';
import { isMapping } from '../../../src/settings/raw.ts';
import { load, PUBLIC_KEY } from '../../support/config.ts';

const ROOT = join(import.meta.dirname, '../../..');
const PAGES = [
  'docs/air-gap.md',
  'docs/configuration.md',
  'docs/registries.md',
  'docs/signatures.md',
  'docs/stores.md',
  'README.md',
];

/** What the examples take from the environment; all else is missing. */
const VARIABLES = ['ATLAN_API_TOKEN', 'DOCKERHUB_TOKEN', 'DOCKERHUB_USER', 'MAP_ACCESS_KEY_ID'];
const env = Object.fromEntries(VARIABLES.map((name) => [name, 'value']));

/** Any file is there, and holds what a file of its name holds. */
async function readFile(path: string): Promise<string> {
  if (path.endsWith('components')) throw Object.assign(new Error('a folder'), { code: 'EISDIR' });
  if (path.endsWith('.pub')) return PUBLIC_KEY;
  if (path.endsWith('key.pem')) return '-----BEGIN PRIVATE KEY-----\n';
  if (path.endsWith('proxy')) return 'http://user:password@proxy.example:3128';
  return path.endsWith('.pem') ? '-----BEGIN CERTIFICATE-----\n' : 'content';
}

/** The examples of a page that are about mirror.yaml: whole ones, and some of its sections. */
function examplesOf(page: string): readonly string[] {
  const text = readFileSync(join(ROOT, page), 'utf8');
  const blocks = [...text.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, block = '']) => block);
  return blocks.filter((block) => sectionsOf(block).some((key) => isSection(key)));
}

function sectionsOf(block: string): readonly string[] {
  const { value } = parseConfigDocument(block, 'example');
  return isMapping(value) ? Object.keys(value) : [];
}

function isSection(key: string): key is (typeof SECTIONS)[number] {
  return SECTIONS.some((section) => section === key);
}

test('there are examples on every page', () => {
  assert.deepEqual(
    PAGES.filter((page) => examplesOf(page).length === 0),
    [],
  );
});

for (const page of PAGES) {
  for (const [index, block] of examplesOf(page).entries()) {
    test(`${page}: example ${index + 1}`, async () => {
      await load(block, { env, readFile, sections: sectionsOf(block).filter(isSection) });
    });
  }
}
