import { ExitCode, gravestOf } from '../../exit-code.ts';
import type { Failure } from '../../orchestrator/commands.ts';

/** What the codes of failures begin with, and what the process then ends with. */
const EXIT_CODES: readonly (readonly [RegExp, ExitCode])[] = [
  [/^(?:SIGNATURE_|SIGNER_|TRUST_ROOT_)/, ExitCode.signature],
  [/^(?:CONFIG_|APP_NOT_INSTALLED|NO_PREVIOUS_VERSION|NOT_ACTIVE)/, ExitCode.config],
  [/^(?:RELEASES_|NO_RELEASE)/, ExitCode.releases],
  [/^MAP_/, ExitCode.map],
  [/^(?:REGISTRY_|DIGEST_|TARGET_)/, ExitCode.registry],
  [/^(?:ENGINE_|NAME_TAKEN|NOT_FOUND|CONTAINER_|SELF_UPDATE_)/, ExitCode.engine],
  [/^(?:TOKEN_|TEMPORAL_|CALLBACK_)/, ExitCode.controlPlane],
];

/** The exit code of what failed; `ok` if nothing did. */
export function exitCodeOfFailures(failures: readonly Pick<Failure, 'code'>[]): ExitCode {
  return gravestOf(
    failures.map(
      ({ code }) => EXIT_CODES.find(([pattern]) => pattern.test(code))?.[1] ?? ExitCode.bug,
    ),
  );
}
