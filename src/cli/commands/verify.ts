import { RegistryError, SignatureError } from '../../errors.ts';
import { type ExitCode, gravestExitCode } from '../../exit-code.ts';
import { reportError } from '../../mirror/report.ts';
import {
  atDigest,
  formatReference,
  parseReference,
  type DigestReference,
} from '../../registry/reference.ts';
import type { RegistryReader } from '../../registry/registry.ts';
import type { SignatureVerifier, Verification } from '../../signatures/signature-verifier.ts';
import { evidenceLines } from '../output/evidence-text.ts';
import { printable, type Paint } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';

export interface VerifyDependencies {
  readonly registry: RegistryReader;
  readonly verifier: SignatureVerifier;
  readonly defaultRegistry: string;
}

/** `mirror verify`: who signed each image, when, and where that is written; or exactly why not. */
export async function verifyCommand(
  dependencies: VerifyDependencies,
  references: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const parsed = references.map((text) => parseReference(text, dependencies.defaultRegistry));
  const results = await Promise.all(
    parsed.map(async (reference) => {
      const image = formatReference(reference);
      try {
        const digest =
          reference.kind === 'digest'
            ? reference
            : await resolveTag(dependencies.registry, reference);
        return { image, verification: await dependencies.verifier.verify(digest) };
      } catch (error) {
        return { image, error };
      }
    }),
  );
  const text =
    terminal.format === 'json'
      ? reportLines(
          results.map(({ image, verification, error }) =>
            verification === undefined
              ? { image, verified: false, error: reportError(error) }
              : { image, verified: true, verification },
          ),
        )
      : results
          .map(({ image, verification, error }) =>
            verification === undefined
              ? refusal(image, error, terminal.paint)
              : evidence(image, verification, terminal.paint),
          )
          .join('\n');
  await writeResult(terminal.stdout, text);
  return gravestExitCode(results.flatMap(({ error }) => (error === undefined ? [] : [error])));
}

async function resolveTag(
  registry: RegistryReader,
  reference: ReturnType<typeof parseReference>,
): Promise<DigestReference> {
  const head = await registry.head(reference);
  if (head !== undefined) return atDigest(reference, head.digest);
  throw new RegistryError(
    'REGISTRY_NOT_FOUND',
    `${formatReference(reference)} does not exist. Check the spelling of repository and tag.`,
    { side: 'source', status: 404 },
  );
}

function refusal(image: string, error: unknown, paint: Paint): string {
  const { code, message } = reportError(error);
  const word = error instanceof SignatureError ? 'not verified' : 'could not be checked';
  return `${paint('red', '✖')} ${printable(image)}: ${word}\n    ${code}: ${printable(message)}\n`;
}

function evidence(image: string, verification: Verification, paint: Paint): string {
  const lines = evidenceLines(verification, paint);
  return `${paint('green', '✔')} ${printable(image)}: verified\n${lines.join('\n')}\n`;
}
