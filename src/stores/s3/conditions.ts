import { randomUUID } from 'node:crypto';
import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';
import { isFailedCondition, nameOf, statusOf } from './errors.ts';
import type { S3Condition, S3Object } from './object.ts';

/**
 * What a store makes of conditional writes. `quoted`: right. `unquoted`: right, but it compares
 * ETags without their quotes (Ceph RGW 16, DigitalOcean Spaces), and a quoted one never matches.
 * `ignored`: it writes whatever the condition says. `refused`: it answers with an error.
 */
export type ConditionSupport =
  | { readonly kind: 'quoted' | 'unquoted' }
  | { readonly kind: 'ignored' | 'refused'; readonly detail: string };

const TEXT = '# sdr-mirror tries whether conditions hold\n';
const SUFFIX = '.probe-';
/** Trying takes seconds; an object this much older than one's own is of a job that was killed at it. */
const ABANDONED_MS = 600_000;
const NO_SUCH_ETAG = '"00000000000000000000000000000000"';

/** What does not keep a store from being tried. */
export interface ProbeTroubles {
  /** An object could not be removed. */
  readonly onLeftOver: (key: string, error: unknown) => void;
  /** Nobody could look whether others left theirs. */
  readonly onUnseen: (error: unknown) => void;
}

/**
 * Finds out by trying, on an object of its own beside `object`. A vendor's name tells nothing: the
 * same product treats conditions differently from one version to the next.
 *
 * @throws the SDK's error if writing fails for reasons other than a condition
 */
export async function probeConditions(
  object: S3Object,
  options: Options,
  { onLeftOver, onUnseen }: ProbeTroubles,
): Promise<ConditionSupport> {
  const scratch = object.beside(`${SUFFIX}${randomUUID()}`);
  const put = async (condition: S3Condition): Promise<string | Answer> => {
    try {
      return (await scratch.put(TEXT, condition, options)).etag;
    } catch (error) {
      const answer = answerOf(error);
      if (answer === undefined) throw error;
      return answer;
    }
  };
  try {
    const support = await probe(put, async () => (await scratch.get(options))?.etag);
    await removeAbandoned(object, scratch.key, options).catch(onUnseen);
    return support;
  } finally {
    await scratch.deleteVersions({}).catch((error: unknown) => onLeftOver(scratch.key, error));
  }
}

/** Removes what killed jobs left, told by the store's clock alone. */
async function removeAbandoned(object: S3Object, mine: string, options: Options): Promise<void> {
  const probes = await object.listBeside(SUFFIX, options);
  const now = probes.find(({ key }) => key === mine)?.modifiedAt ?? 0;
  for (const { suffix, modifiedAt } of probes) {
    if (now - modifiedAt > ABANDONED_MS) await object.beside(suffix).deleteVersions(options);
  }
}

interface Answer {
  readonly isFailedCondition: boolean;
  readonly text: string;
}

/** @param etagNow - of the object as it is; `undefined` if there is none */
async function probe(
  put: (condition: S3Condition) => Promise<string | Answer>,
  etagNow: () => Promise<string | undefined>,
): Promise<ConditionSupport> {
  const created = await put({ ifNoneMatch: '*' });
  // Where the reply is lost the SDK repeats the write, and meets the object it has created itself.
  const etag = typeof created === 'string' ? created : await etagNow();
  if (etag === undefined || (typeof created !== 'string' && !created.isFailedCondition)) {
    const text = typeof created === 'string' ? '' : created.text;
    return { kind: 'refused', detail: `If-None-Match on a new object gave ${text}` };
  }
  const again = await put({ ifNoneMatch: '*' });
  if (typeof again === 'string') {
    return { kind: 'ignored', detail: 'If-None-Match: * replaced an object that exists' };
  }
  if (!again.isFailedCondition) {
    return { kind: 'refused', detail: `If-None-Match on an object that exists gave ${again.text}` };
  }
  const wrong = await put({ ifMatch: NO_SUCH_ETAG });
  if (typeof wrong === 'string') {
    return { kind: 'ignored', detail: 'If-Match replaced an object with another ETag' };
  }
  if (!wrong.isFailedCondition) {
    return { kind: 'refused', detail: `If-Match with another ETag gave ${wrong.text}` };
  }
  const quoted = await put({ ifMatch: etag });
  if (typeof quoted === 'string') return { kind: 'quoted' };
  const unquoted = await put({ ifMatch: unquote(etag) });
  if (typeof unquoted !== 'string') {
    return { kind: 'refused', detail: `If-Match with the right ETag gave ${unquoted.text}` };
  }
  // A store that ignores what it cannot parse would have taken that for no condition at all.
  const stale = await put({ ifMatch: unquote(NO_SUCH_ETAG) });
  return typeof stale === 'string'
    ? { kind: 'ignored', detail: 'an unquoted If-Match replaced an object with another ETag' }
    : { kind: 'unquoted' };
}

/** An ETag as the store compares it. */
export function etagFor(support: ConditionSupport, etag: string): string {
  return support.kind === 'unquoted' ? unquote(etag) : etag;
}

function unquote(etag: string): string {
  return etag.replaceAll('"', '');
}

/** `undefined` for what is no answer to a condition: no right, no bucket, no network, an outage. */
function answerOf(error: unknown): Answer | undefined {
  const status = statusOf(error);
  const isAnswer = isFailedCondition(error) || status === 400 || status === 405 || status === 501;
  if (!isAnswer) return undefined;
  return {
    isFailedCondition: isFailedCondition(error),
    text: `${status} ${nameOf(error)}: ${errorMessage(error)}`,
  };
}
