import type { Config } from '../config/config.ts';
import type { Shard } from '../releases/shard.ts';
import type { Reporter } from '../reports/reporter.ts';
import { packageVersion } from './version.ts';
import type { World } from './world.ts';

/** What of a configuration the reports of a run are about. */
export type ReportedConfig = Pick<Config, 'report' | 'notify' | 'map'>;

/** What leaves the reports that the configuration asks for; `undefined` where it asks for none. */
export async function wireReporter(
  { report, notify, map }: ReportedConfig,
  world: World,
  shard?: Shard,
): Promise<Reporter | undefined> {
  const { besideMap, ...places } = report;
  if (notify === undefined && !besideMap && Object.keys(places).length === 0) return undefined;
  // Only where it is asked for: the command line starts faster without.
  const [{ Reporter }, { wireMap }] = await Promise.all([
    import('../reports/reporter.ts'),
    import('./wire.ts'),
  ]);
  const store = await wireMap(map, world);
  const part = shard === undefined ? {} : { part: `${shard.index}-of-${shard.count}` };
  return new Reporter({ report, notify, store, ...part, version: packageVersion(), ...world });
}
