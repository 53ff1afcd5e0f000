import assert from 'node:assert/strict';
import { test } from 'node:test';
import { RegistryError } from '../../../src/errors.ts';
import type { ObservedImage } from '../../../src/mirror/discover.ts';
import { plan, type PlannedImage, type PlanPolicy } from '../../../src/mirror/plan.ts';
import { parseReference, parseTagReference, type Digest } from '../../../src/registry/reference.ts';

const OURS = 'registry.mycompany.com/atlan/x:1';
const THEIRS = 'registry.mycompany.com/golden/x:1';
const one: Digest = `sha256:${'1'.repeat(64)}`;
const two: Digest = `sha256:${'2'.repeat(64)}`;

function decide(
  seen: { source?: Digest; target?: Digest; mappedTo?: string },
  policy: Partial<PlanPolicy> = {},
): PlannedImage {
  const image: ObservedImage = {
    release: { image: 'atlanhq/x:1' },
    source: parseReference('atlanhq/x:1'),
    target: parseTagReference(OURS),
    keepsTags: true,
    sourceDigest: seen.source,
    targetDigest: seen.target,
    mapped:
      seen.mappedTo === undefined
        ? { rule: 'unchanged', reference: 'atlanhq/x:1' }
        : { rule: 'exact', key: 'atlanhq/x:1', reference: seen.mappedTo },
  };
  return plan(image, { existingTarget: 'refuse', existingEntry: 'keep', ...policy });
}

const cases: readonly [string, Parameters<typeof decide>, PlannedImage['action'], RegExp][] = [
  ['new image', [{ source: one }], 'copy', /not at the target yet/],
  [
    'target lost it, map still names it',
    [{ source: one, mappedTo: OURS }],
    'copy',
    /not at the target/,
  ],
  ['mirrored, map does not say so', [{ source: one, target: one }], 'record', /not in the map/],
  ['all well', [{ source: one, target: one, mappedTo: OURS }], 'keep', /up to date/],
  [
    'source moved its tag',
    [{ source: two, target: one, mappedTo: OURS }],
    'refuse',
    /another image/,
  ],
  ['source moved its tag, never mapped', [{ source: two, target: one }], 'refuse', /another image/],
  [
    'source moved its tag, told to overwrite',
    [{ source: two, target: one, mappedTo: OURS }, { existingTarget: 'overwrite' }],
    'copy',
    /replaces sha256:1111/,
  ],
  ['announced, never published', [{}], 'refuse', /source does not have it/],
  ['withdrawn after we mirrored it', [{ target: one, mappedTo: OURS }], 'keep', /no longer has it/],
  [
    'withdrawn, at the target but never recorded',
    [{ target: one }],
    'refuse',
    /source does not have it/,
  ],
  [
    'a person maps it elsewhere',
    [{ source: one, target: two, mappedTo: THEIRS }],
    'keep',
    /own entry sends it there/,
  ],
  ['a person maps it to nothing', [{ source: one, mappedTo: THEIRS }], 'refuse', /does not exist/],
  [
    'a person maps it elsewhere, told to replace',
    [{ source: one, target: one, mappedTo: THEIRS }, { existingEntry: 'replace' }],
    'record',
    /not in the map/,
  ],
];

for (const [name, args, action, reason] of cases) {
  test(`${name}: ${action}`, () => {
    const planned = decide(...args);
    assert.equal(planned.action, action);
    assert.match(planned.reason, reason);
  });
}

test('what is kept because a person maps it elsewhere says where that is', () => {
  const planned = decide({ source: one, target: two, mappedTo: THEIRS });
  assert.ok(planned.action === 'keep');
  assert.equal(planned.elsewhere, THEIRS);
});

test('what is copied is the digest that was observed, not the tag', () => {
  const planned = decide({ source: one });
  assert.ok(planned.action === 'copy');
  assert.equal(planned.source.kind, 'digest');
  assert.equal(planned.source.digest, one);
});

test('a refusal says on which side, what is there, and what can be done', () => {
  const conflict = decide({ source: two, target: one });
  assert.ok(conflict.action === 'refuse' && conflict.error instanceof RegistryError);
  assert.equal(conflict.error.code, 'TARGET_CONFLICT');
  assert.equal(conflict.error.side, 'target');
  assert.match(conflict.error.message, /sha256:1.*sha256:2.*target\.existing: overwrite/);

  const vanished = decide({});
  assert.ok(vanished.action === 'refuse' && vanished.error instanceof RegistryError);
  assert.equal(vanished.error.code, 'REGISTRY_NOT_FOUND');
  assert.equal(vanished.error.side, 'source');

  const astray = decide({ source: one, mappedTo: THEIRS });
  assert.ok(astray.action === 'refuse' && astray.error instanceof RegistryError);
  assert.match(astray.error.message, /golden\/x:1.*map\.existing: replace/);
});
