import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { ConfigError } from '../../../../src/errors.ts';
import { hostPath } from '../../../../src/orchestrator/app-spec/host-path.ts';
import type { Mount } from '../../../../src/orchestrator/engine/container-spec.ts';

function bind(source: string, target: string): Mount {
  return { kind: 'bind', source, target, readOnly: false };
}

const MOUNTS: readonly Mount[] = [
  bind('/srv', '/var/lib'),
  bind('/srv/sdr/prod', '/var/lib/sdr'),
  { kind: 'volume', name: 'v', target: '/var/lib/sdr/volume', readOnly: false },
  { kind: 'tmpfs', target: '/tmp' },
];

describe('what the host calls a folder of ours', () => {
  for (const [path, mounts, host] of [
    ['/var/lib/sdr', undefined, '/var/lib/sdr'],
    ['/var/lib/sdr', MOUNTS, '/srv/sdr/prod'],
    ['/var/lib/sdr/components/x', MOUNTS, '/srv/sdr/prod/components/x'],
    ['/var/lib/sdrx', MOUNTS, '/srv/sdrx'],
    ['/data', [bind('/srv', '/')], '/srv/data'],
  ] as const) {
    test(`${path} is ${host}${mounts === undefined ? ' where we run in no container' : ''}`, () => {
      assert.equal(hostPath(path, mounts), host);
    });
  }

  for (const [path, where] of [
    ['/data', 'the container itself'],
    ['/var/lib/sdr/volume/x', 'a volume'],
    ['/tmp/x', 'a tmpfs'],
  ] as const) {
    test(`is nothing in ${where}`, () => {
      assert.throws(
        () => hostPath(path, MOUNTS),
        (error) =>
          error instanceof ConfigError &&
          error.message.startsWith(`the folder ${path} is in ${where}`),
      );
    });
  }
});
