import { MapStoreError } from '../../errors.ts';
import { ExitCode } from '../../exit-code.ts';
import { parseImageMap, type Resolution } from '../../image-map/image-map.ts';
import type { MapReader } from '../../stores/map-store.ts';
import { printable } from '../output/format.ts';
import { reportLines } from '../output/json.ts';
import { writeResult, type Terminal } from '../output/terminal.ts';

/**
 * `mirror resolve` and `sdr-orchestrator resolve`: what would be pulled for each reference, and by
 * which rule. The map is read from its store now, as the orchestrator does for every command.
 */
export async function resolveCommand(
  store: MapReader,
  references: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  const stored = await store.read();
  if (stored === undefined) {
    throw new MapStoreError(
      'MAP_UNAVAILABLE',
      `There is no map at ${store.location}: run mirror run to make one, or correct map.store.`,
    );
  }
  const map = parseImageMap(stored.text, store.location);
  const resolved = references.map((image) => ({ image, ...map.resolve(image) }));
  await writeResult(
    terminal.stdout,
    terminal.format === 'json'
      ? reportLines(resolved)
      : resolved.map((item) => `${describe(item, terminal)}\n`).join(''),
  );
  return ExitCode.ok;
}

function describe(item: Resolution & { readonly image: string }, { paint }: Terminal): string {
  const target = item.rule === 'unchanged' ? paint('yellow', item.reference) : item.reference;
  return `${printable(item.image)} → ${printable(target)}  (${why(item)})`;
}

function why({ rule, key }: Resolution): string {
  const entry = JSON.stringify(key);
  const reasons = {
    exact: `exact entry ${entry}`,
    repository: `entry ${entry} for the repository, tag appended`,
    unchanged: 'not in the map: pulled from where it was announced',
  };
  return reasons[rule];
}
