import type { BindMount, Mount, TmpfsMount } from './container-spec.ts';
import type { Dialect } from './dialect.ts';
import type { InspectedContainer } from './inspect-json.ts';

/** The name of a volume nobody named. */
const UNNAMED = /^[0-9a-f]{64}$/;

/** What is mounted, but for volumes without a name, which belong to their container alone. */
export function readMounts(inspected: InspectedContainer, dialect: Dialect): readonly Mount[] {
  const mounts = inspected.Mounts.flatMap((mount): readonly Mount[] => {
    const common = { target: mount.Destination, readOnly: !mount.RW };
    if (mount.Type === 'bind') {
      return [{ kind: 'bind', source: mount.Source, ...common, ...relabelOf(inspected, mount) }];
    }
    if (mount.Type !== 'volume' || UNNAMED.test(mount.Name)) return [];
    return [{ kind: 'volume', name: mount.Name, ...common }];
  });
  return [...mounts, ...readTmpfs(inspected, dialect)];
}

/** The relabelling asked for; Podman does it and forgets it. */
function relabelOf(
  { HostConfig }: InspectedContainer,
  mount: { readonly Destination: string },
): Pick<BindMount, 'relabel'> {
  const bind = HostConfig.Binds.map((text) => text.split(':')).find(
    ([, target]) => target === mount.Destination,
  );
  const options = bind?.[2]?.split(',') ?? [];
  const relabel = options.includes('Z') ? 'Z' : options.includes('z') ? 'z' : undefined;
  return relabel === undefined ? {} : { relabel };
}

function readTmpfs(inspected: InspectedContainer, dialect: Dialect): readonly TmpfsMount[] {
  const { Tmpfs, Mounts, ReadonlyRootfs } = inspected.HostConfig;
  const byOption = Object.entries(Tmpfs).map(([target, options]) => tmpfsOf(target, options));
  const byMount = Mounts.filter(({ Type }) => Type === 'tmpfs').map(
    ({ Target, TmpfsOptions: { SizeBytes, Mode } }) =>
      tmpfs(
        Target,
        SizeBytes === 0 ? undefined : SizeBytes,
        Mode === 0 ? undefined : Mode.toString(8),
      ),
  );
  return [...byOption, ...byMount].filter((mount) => !dialect.isOwnTmpfs(mount, ReadonlyRootfs));
}

function tmpfsOf(target: string, options: string): TmpfsMount {
  const settings = new Map(
    options.split(',').map((option): [name: string, value: string] => {
      const [name = '', value = ''] = option.split('=', 2);
      return [name, value];
    }),
  );
  const sizeBytes = bytesOf(settings.get('size'));
  const mode = settings.get('mode')?.replace(/^0+(?=.)/, '');
  return tmpfs(target, sizeBytes, mode);
}

function tmpfs(
  target: string,
  sizeBytes: number | undefined,
  mode: string | undefined,
): TmpfsMount {
  return {
    kind: 'tmpfs',
    target,
    ...(sizeBytes === undefined ? {} : { sizeBytes }),
    ...(mode === undefined ? {} : { mode }),
  };
}

const UNITS: Readonly<Record<string, number>> = { '': 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3 };

/** tmpfs(5): a number of bytes, with `k`, `m` or `g`. */
function bytesOf(size: string | undefined): number | undefined {
  const [, digits, unit = ''] = /^(\d+)([kmg]?)$/i.exec(size ?? '') ?? [];
  return digits === undefined ? undefined : Number(digits) * (UNITS[unit.toLowerCase()] ?? 1);
}
