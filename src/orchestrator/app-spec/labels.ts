import { ConfigError, errorMessage } from '../../errors.ts';
import { formatReference, parseReference, type DigestReference } from '../../registry/reference.ts';

/** What is known of a container of ours: its labels are the only state there is. */
export interface ContainerLabels {
  readonly deployment: string;
  readonly role: Role;
  /** The app; of the orchestrator, its name in the list of releases. */
  readonly app: string;
  readonly version: string;
  /** As announced: `atlanhq/atlan-teradata-app:3.1.4`. */
  readonly source: string;
  /** Where it was pulled from. */
  readonly image: DigestReference;
  /** The command that made it. */
  readonly commandId: string;
  /** Counts the containers that took each other's place. */
  readonly generation: number;
  /** Equal for containers made alike. */
  readonly specHash: string;
  /** The state of the map that led to the image. */
  readonly mapRevision?: string;
  /** What a rollback returns to. */
  readonly previous?: PreviousVersion;
  /** As announced: what an automatic upgrade leaves out, since it was rolled back from. */
  readonly held?: string;
}

export type Role = 'app' | 'orchestrator';

export type PreviousVersion = Pick<ContainerLabels, 'version' | 'source' | 'image'>;

type Labels = Readonly<Record<string, string>>;

const PREFIX = 'sdr-orchestrator.';

/** Writes down what is known of a container. */
export function formatLabels(known: ContainerLabels): Labels {
  const { previous, mapRevision, held } = known;
  return prefixed({
    managed: 'true',
    deployment: known.deployment,
    role: known.role,
    app: known.app,
    version: known.version,
    source: known.source,
    image: formatReference(known.image),
    digest: known.image.digest,
    op: known.commandId,
    generation: String(known.generation),
    'spec-hash': known.specHash,
    ...(mapRevision !== undefined && { 'map-revision': mapRevision }),
    ...(previous !== undefined && {
      'previous.version': previous.version,
      'previous.source': previous.source,
      'previous.image': formatReference(previous.image),
    }),
    ...(held !== undefined && { held }),
  });
}

/**
 * Reads what is known of a container.
 *
 * @returns `undefined` for a container that is not ours
 * @throws ConfigError it is ours, but somebody changed its labels
 */
export function parseLabels(labels: Labels): ContainerLabels | undefined {
  const get = (name: string): string | undefined => labels[`${PREFIX}${name}`];
  if (get('managed') !== 'true') return undefined;
  const text = (name: string): string => {
    const value = get(name);
    return value === undefined || value === '' ? damaged(name, 'is missing') : value;
  };
  const image = digestReference('image', text('image'));
  if (text('digest') !== image.digest) damaged('digest', 'is not that of the image');
  const mapRevision = get('map-revision');
  const held = get('held');
  const hasPrevious = ['version', 'source', 'image'].some(
    (part) => get(`previous.${part}`) !== undefined,
  );
  return {
    deployment: text('deployment'),
    role: roleOf(text('role')),
    app: text('app'),
    version: text('version'),
    source: text('source'),
    image,
    commandId: text('op'),
    generation: generationOf(text('generation')),
    specHash: text('spec-hash'),
    ...(mapRevision !== undefined && { mapRevision }),
    ...(hasPrevious && {
      previous: {
        version: text('previous.version'),
        source: text('previous.source'),
        image: digestReference('previous.image', text('previous.image')),
      },
    }),
    ...(held !== undefined && { held }),
  };
}

/**
 * The labels by which an engine finds the containers of a deployment. The deployment is always
 * among them: what belongs to another one is never touched.
 */
export function ownedBy(
  deployment: string,
  which: { readonly role?: Role; readonly app?: string } = {},
): Labels {
  const { role, app } = which;
  return prefixed({
    managed: 'true',
    deployment,
    ...(role !== undefined && { role }),
    ...(app !== undefined && { app }),
  });
}

function prefixed(labels: Labels): Labels {
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [PREFIX + name, value]));
}

function digestReference(name: string, text: string): DigestReference {
  let reference;
  try {
    reference = parseReference(text);
  } catch (error) {
    return damaged(name, `cannot be read (${errorMessage(error)})`, error);
  }
  return reference.kind === 'digest' ? reference : damaged(name, 'names no digest');
}

function roleOf(text: string): Role {
  return text === 'app' || text === 'orchestrator' ? text : damaged('role', 'is none we know');
}

function generationOf(text: string): number {
  const generation = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(generation)) return generation;
  return damaged('generation', 'is not a number');
}

function damaged(name: string, problem: string, cause?: unknown): never {
  throw new ConfigError(
    `the label ${PREFIX}${name} of a container of ours ${problem}: somebody changed it, so the container must be removed by hand`,
    cause,
  );
}
