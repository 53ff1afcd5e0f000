import type { Options } from '../options.ts';
import { formatReference } from '../registry/reference.ts';
import type { UnnamedImage } from './announce.ts';
import {
  discover,
  foreignReference,
  isMappedToTarget,
  notAtSource,
  wantedDigest,
  type DiscoverDependencies,
  type NamedImage,
  type ObservedImage,
} from './discover.ts';
import type { Flaw, Inspector } from './inspect.ts';
import { reportError } from './report.ts';
import type { ImageStatus, StatusFinding } from './status-report.ts';

/** An image to look at, and whether it is announced or only in the map. */
export interface StatusSubject {
  readonly image: NamedImage | UnnamedImage;
  readonly announced: boolean;
}

export interface ImageStatusDependencies extends DiscoverDependencies {
  readonly inspector: Inspector;
}

/** What was found, and what kept the image from being looked at. */
export interface Looked {
  readonly status: ImageStatus;
  readonly error?: unknown;
}

/** Looks at one image. What keeps it from being looked at is a finding. */
export async function statusOf(
  { image, announced }: StatusSubject,
  dependencies: ImageStatusDependencies,
  options: Options,
): Promise<Looked> {
  const { appName, version } = image.release;
  const known = {
    image: image.release.image,
    ...(appName === undefined ? {} : { app: appName }),
    ...(version === undefined ? {} : { version }),
    announced,
    ...('target' in image ? { target: formatReference(image.target) } : {}),
  };
  const stale = announced ? [] : [staleEntry(image.release.image)];
  try {
    if ('error' in image) throw image.error;
    const { findings, ...found } = await look(image, dependencies, options);
    return { status: { ...known, ...found, findings: [...findings, ...stale] } };
  } catch (error) {
    options.signal?.throwIfAborted();
    const told = reportError(error);
    const unchecked: StatusFinding = { kind: 'unchecked', detail: told.message, error: told };
    return { status: { ...known, findings: [unchecked, ...stale] }, error };
  }
}

type Found = Pick<ImageStatus, 'target' | 'digest' | 'findings'>;

async function look(
  image: NamedImage,
  dependencies: ImageStatusDependencies,
  options: Options,
): Promise<Found> {
  const observed = await discover(image, dependencies, options);
  const foreign = dependencies.keepsForeignEntries
    ? foreignReference(observed, observed.mapped)
    : undefined;
  if (foreign !== undefined) return elsewhere(observed, formatReference(foreign));
  const { targetDigest: digest, source, target } = observed;
  if (digest === undefined) return { findings: [absent(observed)] };
  const flaws = await dependencies.inspector.inspect(
    { source, wanted: wantedDigest(observed), target, digest },
    options,
  );
  return { digest, findings: [...disagreements(observed), ...flaws.map(asFinding)] };
}

function asFinding({ kind, problem, next }: Flaw): StatusFinding {
  return { kind, detail: `${problem}. ${next}` };
}

/** A person sends this image elsewhere: theirs to decide, ours to say when it leads nowhere. */
function elsewhere({ targetDigest, mapped }: ObservedImage, place: string): Found {
  if (targetDigest === undefined) {
    const detail = `The entry ${JSON.stringify(mapped.key)} of the map sends it to ${place}, which the registry does not have: whoever pulls it fails. Put the image there, or correct the entry.`;
    return { target: place, findings: [{ kind: 'missing', detail }] };
  }
  const detail = `The entry ${JSON.stringify(mapped.key)} of the map, which is not this job's, sends it there.`;
  return { target: place, digest: targetDigest, findings: [{ kind: 'foreign', detail }] };
}

function absent(image: ObservedImage): StatusFinding {
  const target = formatReference(image.target);
  const isMapped = isMappedToTarget(image, image.mapped);
  if (image.sourceDigest !== undefined) {
    return isMapped
      ? {
          kind: 'missing',
          detail: `The map leads to ${target}, which the registry no longer has: whoever pulls it fails. \`mirror run\` copies it again; look who removes tags there, for example a retention policy.`,
        }
      : { kind: 'unmirrored', detail: 'It is not at the target yet. `mirror run` brings it.' };
  }
  return isMapped
    ? {
        kind: 'missing',
        detail: `The map leads to ${target}, which the registry no longer has, nor does the source: whoever pulls it fails. Push the image again, or take its entry out of the map.`,
      }
    : { kind: 'unmirrored', detail: notAtSource(image).message };
}

/** Where source, target and map do not agree about an image that is at the target. */
function disagreements(image: ObservedImage): readonly StatusFinding[] {
  const { sourceDigest, targetDigest, mapped } = image;
  const target = formatReference(image.target);
  const findings: StatusFinding[] = [];
  if (sourceDigest === undefined) {
    findings.push({ kind: 'withdrawn', detail: 'The source no longer has it.' });
  } else if (wantedDigest(image) !== targetDigest) {
    findings.push({
      kind: 'drifted',
      detail: `${target} holds ${targetDigest}, the source now has ${sourceDigest}. \`mirror run\` replaces it if target.existing is overwrite, and else leaves it; look who else writes this tag.`,
    });
  }
  if (!isMappedToTarget(image, mapped)) {
    const leads = mapped.rule === 'unchanged' ? 'does not name it' : `leads to ${mapped.reference}`;
    findings.push({
      kind: 'unmapped',
      detail: `It is at the target, but the map ${leads}. \`mirror run\` records it once its signature is accepted.`,
    });
  }
  return findings;
}

/** An entry that no announced image goes by. */
export function staleEntry(key: string): StatusFinding {
  return {
    kind: 'stale',
    detail: `The map names it, but it is not announced any more, or left out by releases. Take the entry ${JSON.stringify(key)} out of the map, or keep the image by releases.extra.`,
  };
}
