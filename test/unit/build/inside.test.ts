import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { thirdPartyLicenses } from '../../../scripts/build/licenses.ts';
import { packagesInside, type InsidePackage } from '../../../scripts/build/packages.ts';
import { softwareBill } from '../../../scripts/build/software-bill.ts';

const ROOT = join(import.meta.dirname, '../../..');
const MODULES = [
  'src/index.ts',
  'node_modules/got/dist/source/index.js',
  'node_modules/got/dist/source/create.js',
  'node_modules/keyv/dist/index.js',
  'node_modules/cacheable-request/dist/index.js',
  'node_modules/@aws-sdk/nested-clients/dist-cjs/index.js',
  'node_modules/@aws-sdk/client-s3/dist-cjs/index.js',
  'node_modules/data-uri-to-buffer/dist/index.js',
];

interface Bill {
  readonly components: readonly {
    readonly name: string;
    readonly group?: string;
    readonly 'bom-ref': string;
    readonly hashes: readonly { readonly content: string }[];
  }[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn: readonly string[] }[];
}

const inside = await packagesInside(ROOT, MODULES);

function billOf(packages: readonly InsidePackage[]): Bill {
  const manifest = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  return JSON.parse(softwareBill(manifest, packages)) as Bill;
}

function cycloneDx(name: string): object {
  const folder = join(ROOT, 'node_modules/@cyclonedx/cyclonedx-library/res/schema');
  return JSON.parse(readFileSync(join(folder, `${name}.SNAPSHOT.schema.json`), 'utf8')) as object;
}

test('a package is inside if any of its modules is, and once', () => {
  assert.deepEqual(
    inside.map(({ name }) => name),
    [
      '@aws-sdk/client-s3',
      '@aws-sdk/nested-clients',
      'cacheable-request',
      'data-uri-to-buffer',
      'got',
      'keyv',
    ],
  );
});

test('it depends on those that are inside as well, where Node would find them', () => {
  const got = inside.find(({ name }) => name === 'got');
  assert.deepEqual(got?.dependencies, ['node_modules/cacheable-request', 'node_modules/keyv']);
});

test('the bill of materials is what CycloneDX takes, and names what was installed', () => {
  const bill = billOf(inside);
  const ajv = new Ajv({ strict: false, validateFormats: false });
  ajv.addSchema(cycloneDx('spdx'), 'http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json');
  ajv.addSchema(cycloneDx('jsf-0.82'), 'http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json');
  const validate = ajv.compile(cycloneDx('bom-1.6'));
  assert.ok(validate(bill), JSON.stringify(validate.errors?.slice(0, 3)));
  assert.equal(bill.components.length, inside.length);
  const s3 = bill.components.find(({ name }) => name === 'client-s3');
  assert.equal(s3?.group, '@aws-sdk');
  assert.match(s3['bom-ref'], /^pkg:npm\/%40aws-sdk\/client-s3@\d/);
  assert.match(s3.hashes[0]?.content ?? '', /^[0-9a-f]{128}$/);
  assert.equal(bill.dependencies[0]?.dependsOn.length, inside.length);
});

test('two copies of one version are one component', () => {
  const [first] = inside;
  assert.ok(first);
  const twice = [first, { ...first, path: `node_modules/other/${first.path}` }];
  assert.equal(billOf(twice).components.length, 1);
});

test('every licence travels along, each text once', () => {
  const text = thirdPartyLicenses(inside);
  for (const { name, version } of inside) assert.ok(text.includes(`\n${name} ${version} (`), name);
  assert.equal(text.match(/TERMS AND CONDITIONS FOR USE/g)?.length, 1);
  // It has its licence in its readme, and names who wrote it.
  assert.match(text, /data-uri-to-buffer[^\n]*\n\n[\s\S]*Nathan Rajlich/);
});

test('a licence that nobody has looked at stops the build', async () => {
  const apache = inside.filter(({ name }) => name === '@aws-sdk/nested-clients');
  assert.throws(() => thirdPartyLicenses(apache), /ships no text of its licence, Apache-2.0/);
  await assert.rejects(
    packagesInside(ROOT, ['node_modules/caniuse-lite/data/agents.js']),
    /caniuse-lite: may it be bundled under its licence, CC-BY-4.0/,
  );
});
