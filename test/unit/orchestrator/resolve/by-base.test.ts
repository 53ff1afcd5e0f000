import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assert as check, constantFrom, property, stringMatching } from 'fast-check';
import { resolveByBase } from '../../../../src/orchestrator/resolve/by-base.ts';
import { explain } from '../../../../src/orchestrator/resolve/resolved-image.ts';
import { formatReference, parseReference } from '../../../../src/registry/reference.ts';

const BASE = 'registry.mycompany.com/atlan';
const DIGEST = `sha256:${'a'.repeat(64)}`;

describe('container_registry.base', () => {
  for (const [base, baseReplaces, announced, pulled, rule] of [
    [undefined, 'docker.io/atlanhq', 'atlanhq/x:1', 'docker.io/atlanhq/x:1', 'unchanged'],
    [BASE, 'docker.io/atlanhq', 'atlanhq/x:1', `${BASE}/x:1`, 'base'],
    [BASE, 'docker.io/atlanhq', 'index.docker.io/atlanhq/x/y:1', `${BASE}/x/y:1`, 'base'],
    [BASE, 'docker.io/atlanhq', `atlanhq/x@${DIGEST}`, `${BASE}/x@${DIGEST}`, 'base'],
    [BASE, 'docker.io/atlanhq', 'atlanhqq/x:1', 'docker.io/atlanhqq/x:1', 'outside-base'],
    [BASE, 'docker.io/atlanhq', 'ghcr.io/atlanhq/x:1', 'ghcr.io/atlanhq/x:1', 'outside-base'],
    [BASE, 'docker.io', 'atlanhq/x:1', `${BASE}/atlanhq/x:1`, 'base'],
    [BASE, 'docker.io', 'alpine:3', `${BASE}/library/alpine:3`, 'base'],
    [BASE, 'ghcr.io', 'ghcr.io/a/x:1', `${BASE}/a/x:1`, 'base'],
    ['localhost:5000', 'docker.io/atlanhq', 'atlanhq/x:1', 'localhost:5000/x:1', 'base'],
    [BASE, 'docker.io/atlanhq', `${BASE}/x:1`, `${BASE}/x:1`, 'base'],
    ['docker.io/acme', 'docker.io', 'acme/x:1', 'docker.io/acme/x:1', 'base'],
  ] as const) {
    test(`${announced} → ${pulled} by ${base ?? 'nothing'} for ${baseReplaces}`, () => {
      const resolved = resolveByBase(announced, { base, baseReplaces });
      assert.equal(formatReference(resolved.reference), pulled);
      assert.equal(resolved.explanation.rule, rule);
      assert.notEqual(explain(resolved), '');
    });
  }

  test('keeps the tag beside a digest', () => {
    const images = { base: BASE, baseReplaces: 'docker.io/atlanhq' };
    assert.equal(resolveByBase(`atlanhq/x:1@${DIGEST}`, images).reference.tag, '1');
  });

  test('says what stands for what', () => {
    const images = { base: BASE, baseReplaces: 'docker.io/atlanhq' };
    assert.equal(
      explain(resolveByBase('atlanhq/x:1', images)),
      `container_registry.base: ${BASE} in place of docker.io/atlanhq`,
    );
  });

  test('changes nothing but the beginning of the name, and resolves to itself', () => {
    const part = stringMatching(/^[a-z0-9]{1,8}$/);
    check(
      property(
        part,
        part,
        constantFrom('docker.io/atlanhq', 'docker.io'),
        (name, tag, replaces) => {
          const images = { base: BASE, baseReplaces: replaces };
          const { reference } = resolveByBase(`atlanhq/${name}:${tag}`, images);
          assert.equal(reference.registry, 'registry.mycompany.com');
          assert.equal(reference.tag, tag);
          assert.equal(reference.repository.split('/').at(-1), name);
          const again = resolveByBase(formatReference(reference), images);
          assert.deepEqual(again.reference, parseReference(formatReference(reference)));
        },
      ),
    );
  });
});
