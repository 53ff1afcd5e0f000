import type { Release } from '../../releases/release-source.ts';
import type { ContainerLabels } from '../app-spec/labels.ts';
import type { ReconcileAction } from '../commands.ts';
import { labelsOf, servingIn, versionOf } from '../lifecycle/subject.ts';
import { isUp } from '../swap/next-step.ts';
import { isAtRest, type Places } from '../swap/places.ts';

/** What is to be mended about an app; `undefined` if it stands as it should. Pure. */
export function planRepair(app: string, places: Places): ReconcileAction | undefined {
  const { current } = places;
  const serving = labelsOf(servingIn(places));
  const from = serving === undefined ? {} : { from: versionOf(serving) };
  if (current === undefined || !isAtRest(places)) {
    return { app, action: 'repair', reason: `a swap was cut short: ${describe(places)}`, ...from };
  }
  if (isUp(current)) return undefined;
  return { app, action: 'start', reason: `${current.name} is ${current.state}`, ...from };
}

/** Whom a release may be for. */
export interface Upgradable {
  /** The app; absent for the orchestrator itself. */
  readonly app?: string;
  /** What runs; `undefined` if it was not us who started it. */
  readonly labels: ContainerLabels | undefined;
  readonly autoUpdate: boolean;
  readonly release: Pick<Release, 'image'> | undefined;
}

/** Whether to upgrade, and if not, why. Pure. */
export function planUpgrade({ app, labels, autoUpdate, release }: Upgradable): ReconcileAction {
  const common = {
    ...(app === undefined ? {} : { app }),
    ...(labels === undefined ? {} : { from: versionOf(labels) }),
  };
  const keep = (reason: string): ReconcileAction => ({ ...common, action: 'keep', reason });
  if (release === undefined)
    return keep('no release of it is announced, or none could be asked for');
  if (release.image === labels?.source) return keep(`${release.image} is the latest release`);
  if (!autoUpdate) return keep(`${release.image} is announced, but auto_update is off`);
  if (release.image === labels?.held) {
    return keep(`${release.image} was rolled back from; install it to try it again`);
  }
  const reason = `${release.image} is announced`;
  return { ...common, action: 'upgrade', reason, to: release.image };
}

function describe(places: Places): string {
  const there = (['current', 'green', 'old'] as const)
    .filter((place) => places[place] !== undefined)
    .map((place) => `${place} ${places[place]?.state ?? ''}`);
  return there.join(', ');
}
