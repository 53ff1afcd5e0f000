import type { Case } from './cases.ts';
import { CONTENDERS, type ContenderName } from './contenders.ts';
import { referencesOf } from './corpora.ts';
import { measure } from './measure.ts';
import type { World } from './world.ts';

/** What one run of a contender asked, by kind of request, and moved. */
export interface Counted {
  /** `HEAD manifest` → how many, over both registries. */
  readonly requests: Readonly<Record<string, number>>;
  readonly total: number;
  /** Bytes read from the source and sent to the target, by what a proxy saw. */
  readonly read: number;
  readonly sent: number;
}

/**
 * Counts by the registries' own logs and by proxies, in runs that nobody times: logging costs the
 * registries something.
 */
export async function countRequests(
  world: World,
  { corpus, warm }: Pick<Case, 'corpus' | 'warm'>,
  names: readonly ContenderName[],
  env: Readonly<Record<string, string>>,
): Promise<ReadonlyMap<ContenderName, Counted>> {
  const counted = new Map<ContenderName, Counted>();
  for (const name of names) {
    await world.start({ delayMs: 0, tls: false, isLogged: true }, { counts: true });
    const command = await CONTENDERS[name].prepare({
      folder: `${world.folder}/${name}`,
      source: world.host('source'),
      target: world.host('target'),
      ca: undefined,
      publicKey: world.publicKey,
      references: referencesOf(corpus),
    });
    if (warm) await measure(command, env, 600_000);
    const before = await world.requests();
    await world.delay(0);
    await measure(command, env, 600_000);
    const after = await world.requests();
    const lines = [
      ...after.source.slice(before.source.length),
      ...after.target.slice(before.target.length),
    ];
    const requests: Record<string, number> = {};
    for (const line of lines) requests[kindOf(line)] = (requests[kindOf(line)] ?? 0) + 1;
    const traffic = await world.delay(0);
    counted.set(name, {
      requests,
      total: lines.length,
      read: traffic?.source.down ?? 0,
      sent: traffic?.target.up ?? 0,
    });
  }
  await world.stop();
  return counted;
}

function kindOf(line: string): string {
  const [method = '', uri = ''] = line.split(' ');
  const path = uri.split('?')[0] ?? '';
  if (path.includes('/blobs/uploads/')) {
    return uri.includes('mount=') ? 'mount' : `${method} upload`;
  }
  for (const kind of ['blobs', 'manifests', 'referrers', 'tags']) {
    if (path.includes(`/${kind}/`)) return `${method} ${kind.replace(/s$/, '')}`;
  }
  return 'ping';
}
