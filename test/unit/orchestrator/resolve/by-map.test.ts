import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError, MapStoreError } from '../../../../src/errors.ts';
import { resolveByMap } from '../../../../src/orchestrator/resolve/by-map.ts';
import { explain } from '../../../../src/orchestrator/resolve/resolved-image.ts';
import { formatReference } from '../../../../src/registry/reference.ts';
import type { Revision } from '../../../../src/stores/map-store.ts';

const LOCATION = 's3://acme-sdr/sdr/image-map.yaml';
const REVISION = '"abc"' as Revision;
const DIGEST = `sha256:${'a'.repeat(64)}`;

const MAP = `# Quote keys and values.
images:
  "atlanhq/atlan-teradata-app": "registry.mycompany.com/atlan/atlan-teradata-app"
  "atlanhq/atlan-teradata-app:3.1.4":
    "registry.mycompany.com/atlan/teradata:3.1.4-approved"
  "docker.io/atlanhq/atlan-mysql-app:1.0": "registry.mycompany.com/mysql@${DIGEST}"
  "atlanhq/no-tag:1.0": "registry.mycompany.com/no-tag"
release: { name: my-sdr-release }
`;

function resolve(announced: string): ReturnType<typeof resolveByMap> {
  return resolveByMap(announced, { text: MAP, revision: REVISION }, LOCATION);
}

describe('what the map leads to', () => {
  for (const [announced, pulled, why] of [
    [
      'atlanhq/atlan-teradata-app:3.1.4',
      'registry.mycompany.com/atlan/teradata:3.1.4-approved',
      `exact entry ${LOCATION}:5: "atlanhq/atlan-teradata-app:3.1.4" (revision "abc")`,
    ],
    [
      'docker.io/atlanhq/atlan-teradata-app:3.1.5',
      'registry.mycompany.com/atlan/atlan-teradata-app:3.1.5',
      `entry for the repository, tag appended: ${LOCATION}:3: "atlanhq/atlan-teradata-app" (revision "abc")`,
    ],
    [
      'atlanhq/atlan-mysql-app:1.0',
      `registry.mycompany.com/mysql@${DIGEST}`,
      `exact entry ${LOCATION}:6: "docker.io/atlanhq/atlan-mysql-app:1.0" (revision "abc")`,
    ],
    [
      'atlanhq/atlan-mysql-app:1.1',
      'docker.io/atlanhq/atlan-mysql-app:1.1',
      `not in the map ${LOCATION} (revision "abc"): pulled from where it was announced`,
    ],
  ] as const) {
    test(`${announced} → ${pulled}`, () => {
      const resolved = resolve(announced);
      assert.equal(formatReference(resolved.reference), pulled);
      assert.equal(resolved.announced, announced);
      assert.equal(explain(resolved), why);
    });
  }

  test('the explanation names rule, entry, line and revision', () => {
    assert.deepEqual(resolve('atlanhq/atlan-teradata-app:3.1.4').explanation, {
      rule: 'map-exact',
      map: {
        location: LOCATION,
        revision: REVISION,
        entry: {
          key: 'atlanhq/atlan-teradata-app:3.1.4',
          value: 'registry.mycompany.com/atlan/teradata:3.1.4-approved',
          line: 5,
        },
      },
    });
    assert.deepEqual(resolve('atlanhq/other:1').explanation, {
      rule: 'not-in-map',
      map: { location: LOCATION, revision: REVISION },
    });
  });

  test('an entry that names no image is the map’s fault', () => {
    assert.throws(
      () => resolve('atlanhq/no-tag:1.0'),
      (error) =>
        error instanceof MapStoreError &&
        error.code === 'MAP_INVALID' &&
        error.message.startsWith(`${LOCATION}:7: the entry of "atlanhq/no-tag:1.0"`),
    );
  });

  test('a wish that names no image is not', () => {
    assert.throws(() => resolve('atlanhq/atlan-teradata-app'), ConfigError);
    assert.throws(() => resolve('Not An Image:1'), ConfigError);
  });
});
