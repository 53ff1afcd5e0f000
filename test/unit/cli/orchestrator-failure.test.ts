import assert from 'node:assert/strict';
import { test } from 'node:test';
import { exitCodeOfFailures } from '../../../src/cli/orchestrator/failure.ts';
import { ExitCode } from '../../../src/exit-code.ts';

for (const [codes, expected] of [
  [[], ExitCode.ok],
  [['TOKEN_REFUSED'], ExitCode.controlPlane],
  [['TEMPORAL_UNREACHABLE'], ExitCode.controlPlane],
  [['CALLBACK_UNAVAILABLE', 'ENGINE_UNREACHABLE'], ExitCode.engine],
  [['REGISTRY_UNAVAILABLE', 'SIGNATURE_MISSING'], ExitCode.signature],
  [['SOMETHING_ELSE'], ExitCode.bug],
] as const) {
  test(`failures of ${codes.join(' and ') || 'nothing'} end with ${expected}`, () => {
    assert.equal(exitCodeOfFailures(codes.map((code) => ({ code }))), expected);
  });
}
