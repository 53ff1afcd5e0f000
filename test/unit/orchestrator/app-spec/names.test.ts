import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assert as check, property, stringMatching } from 'fast-check';
import {
  checkAppName,
  containerName,
  networkAliases,
  taskQueue,
} from '../../../../src/orchestrator/app-spec/names.ts';
import { checkDeploymentName } from '../../../../src/orchestrator/config/schema/texts.ts';
import { ConfigError } from '../../../../src/errors.ts';

describe('names', () => {
  test('of containers, queues and in networks', () => {
    assert.equal(containerName('prod', 'teradata'), 'atlan-teradata-prod');
    assert.equal(taskQueue('prod', 'teradata'), 'atlan-teradata-prod');
    assert.deepEqual(networkAliases('prod', 'teradata'), ['teradata', 'atlan-teradata-prod']);
  });

  test('of apps', () => {
    for (const name of ['teradata', 'a', '0', 'power-bi', 'sap.hana_2', 'a'.repeat(63)]) {
      assert.doesNotThrow(() => checkAppName(name), name);
    }
    for (const name of [
      '',
      'Teradata',
      '-a',
      'a-',
      '.a',
      'a/b',
      'a b',
      'ä',
      'a'.repeat(64),
      'a\n',
    ]) {
      assert.throws(() => checkAppName(name), ConfigError, name);
    }
  });

  test('of no container is that of another one in the midst of a swap, and engines take them', () => {
    const app = stringMatching(/^[a-z0-9]([a-z0-9._-]{0,20}[a-z0-9])?$/);
    const deployment = stringMatching(/^[A-Za-z0-9][A-Za-z0-9_-]{0,20}$/);
    check(
      property(app, deployment, (name, where) => {
        checkAppName(name);
        checkDeploymentName(where);
        assert.match(containerName(where, name), /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
        assert.doesNotMatch(containerName(where, name), /\.(?:green|old)$/);
      }),
    );
  });
});
