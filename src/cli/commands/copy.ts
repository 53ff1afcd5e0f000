import type { Config } from '../../config/config.ts';
import { ConfigError } from '../../errors.ts';
import { gravestExitCode, type ExitCode } from '../../exit-code.ts';
import { copyOne, type CopyOneSettings, type CopyRequest } from '../../mirror/copy-one.ts';
import { parseReference, parseReferenceParts, type Reference } from '../../registry/reference.ts';
import { copyText } from '../output/copy-text.ts';
import { reportLines } from '../output/json.ts';
import { progressFor } from '../output/progress.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';
import { listenForStop } from '../stop.ts';
import { wireCopy, type CopyingConfig } from '../wire.ts';
import type { World } from '../world.ts';

export interface CopyCommandOptions extends Pick<CopyOneSettings, 'existingTarget'> {
  /** As they were typed. */
  readonly source: string;
  readonly target: string;
}

/** `mirror copy`: one image, all of it, verified before and with its digest. */
export async function copyCommand(
  config: CopyingConfig & Pick<Config, 'source'>,
  { source, target, existingTarget }: CopyCommandOptions,
  {
    terminal,
    world,
    process,
  }: {
    readonly terminal: Terminal;
    readonly world: World;
    readonly process: Pick<NodeJS.Process, 'on' | 'off'>;
  },
): Promise<ExitCode> {
  const request = parseRequest(source, target, config.source.registry);
  const { dependencies, registries } = await wireCopy(config, world);
  const display = progressFor(terminal, world.now);
  terminal.aside = (write) => display.print(write);
  const stop = listenForStop(process, {
    // Nothing else is to be finished or published: the next copy goes on from what has arrived.
    graceMs: 0,
    onSignal: () => terminal.logger.warn('stopping'),
  });
  try {
    const settings = {
      verify: config.verify.mode,
      existingTarget,
      timeoutMs: config.timeouts.imageMs,
    };
    const { report, error } = await copyOne(request, dependencies, settings, {
      signal: stop.drain,
      onEvent: (event) => display.onEvent(event),
    });
    display.stop();
    await writeResult(
      terminal.stdout,
      terminal.format === 'json' ? reportLines(report) : copyText(report, terminal.paint),
    );
    return stop.exitCode() ?? gravestExitCode(error === undefined ? [] : [error]);
  } finally {
    display.stop();
    stop.dispose();
    terminal.aside = (write) => write();
    registries.close();
  }
}

/**
 * @param defaultRegistry - of a source that names none. A target names its own: what is meant for a
 *   private registry must not end up in a public one by a forgotten word
 */
function parseRequest(source: string, target: string, defaultRegistry: string): CopyRequest {
  const from = parseReference(source, defaultRegistry);
  return { source: from, target: parseTarget(target, from) };
}

function parseTarget(text: string, source: Reference): CopyRequest['target'] {
  const parts = parseReferenceParts(text, NOWHERE);
  const { registry, repository, digest } = parts;
  if (registry === NOWHERE) {
    throw new ConfigError(
      `${JSON.stringify(text)} names no registry: say where the image is to go, for example registry.mycompany.com/${text}`,
    );
  }
  if (digest !== undefined) {
    throw new ConfigError(
      `${JSON.stringify(text)} names a digest: the digest stays what it is at the source, and the target is named by a tag`,
    );
  }
  const tag = parts.tag ?? source.tag;
  if (tag !== undefined) return { kind: 'tag', registry, repository, tag };
  throw new ConfigError(
    `neither source nor target has a tag: add one to the target, for example ${text}:1.2.3`,
  );
}

/** Stands for the registry that a reference does not name; no host can be called so. */
const NOWHERE = 'nowhere.invalid';
