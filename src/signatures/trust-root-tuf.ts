import { TrustedRoot } from '@sigstore/protobuf-specs';
import { DEFAULT_MIRROR_URL, getTrustedRoot } from '@sigstore/tuf';
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { errorMessage } from '../errors.ts';
import type { Logger } from '../log.ts';
import { readCachedRoot, writeCachedRoot, type CachedRoot } from './trust-root-cache.ts';
import { parseTrustRoot } from './parse-trust-root.ts';
import {
  trustRootSource,
  unavailable,
  type TrustRoot,
  type TrustRootSource,
} from './trust-root.ts';

const DAY_MS = 24 * 60 * 60 * 1000;

export interface TufOptions {
  /** A folder of ours, made when needed; several processes may share it. */
  readonly cacheDir: string;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
}

/**
 * The public-good Sigstore's root: refreshed at most daily; kept for when its server is away; and
 * for a first run without a network, the one that ships with @sigstore/tuf.
 *
 * @param options.url - the repository; another one serves tests only
 */
export function publicTrustRoot(options: TufOptions & { readonly url?: string }): TrustRootSource {
  const url = options.url ?? DEFAULT_MIRROR_URL;
  return trustRootSource('public', () =>
    loadByTuf({ ...options, url, rootFile: undefined }, async (why) => {
      const embedded = await embeddedRoot();
      options.logger.warn(
        `the public Sigstore trust root cannot be refreshed (${why}) and none is cached: using the one shipped with this version, whose newest key is of ${newestKey(embedded)}. Allow ${url}, or set verify.trustRoot to a trusted_root.json.`,
      );
      return parseTrustRoot(embedded, 'the embedded trust root');
    }),
  );
}

/**
 * The root that a TUF repository of one's own serves, or a mirror of the public one.
 *
 * @param options.rootFile - the `root.json` that the repository's signatures are checked by
 */
export function tufTrustRoot(
  options: TufOptions & { readonly url: string; readonly rootFile: string },
): TrustRootSource {
  return trustRootSource(options.url, () =>
    loadByTuf(options, (why, cause) => {
      throw unavailable(
        `the trust root cannot be had from ${options.url} (${why}), and none is cached. Check the URL and that ${options.rootFile} is its root.json.`,
        cause,
      );
    }),
  );
}

async function loadByTuf(
  {
    url,
    rootFile,
    cacheDir,
    logger,
    now = Date.now,
  }: TufOptions & { readonly url: string; readonly rootFile: string | undefined },
  otherwise: (why: string, cause: unknown) => TrustRoot | Promise<TrustRoot>,
): Promise<TrustRoot> {
  // What was cached under another root.json is not believed: its owner replaced it for a reason.
  const folder = join(cacheDir, await folderName(url, rootFile));
  const cached = await readCachedRoot(folder);
  const isFresh = cached !== undefined && Math.abs(now() - cached.refreshedAt) < DAY_MS;
  if (isFresh) return cached.root;
  try {
    const text = await refresh(folder, url, rootFile);
    const root = parseTrustRoot(text, url);
    await remember(folder, text, now(), logger);
    return root;
  } catch (error) {
    const why = causes(error);
    if (cached === undefined) return await otherwise(why, error);
    logger.warn(
      `the Sigstore trust root cannot be refreshed from ${url} (${why}): using the one of ${age(cached, now())}.`,
    );
    return cached.root;
  }
}

async function refresh(folder: string, url: string, rootFile: string | undefined): Promise<string> {
  await mkdir(folder, { recursive: true });
  const trustedRoot = await getTrustedRoot({
    cachePath: folder,
    mirrorURL: url,
    ...(rootFile === undefined ? {} : { rootPath: rootFile }),
    // A root is at hand in most cases: better soon than certain.
    retry: { retries: 1 },
  });
  return JSON.stringify(TrustedRoot.toJSON(trustedRoot));
}

async function remember(folder: string, text: string, at: number, logger: Logger): Promise<void> {
  try {
    await writeCachedRoot(folder, text, at);
  } catch (error) {
    logger.warn(
      `the trust root cannot be cached, and is fetched every run: ${errorMessage(error)}`,
    );
  }
}

async function folderName(url: string, rootFile: string | undefined): Promise<string> {
  const hash = createHash('sha256').update(url);
  if (rootFile !== undefined) hash.update('\0').update(await readRootFile(rootFile));
  return hash.digest('hex').slice(0, 16);
}

async function readRootFile(path: string): Promise<Buffer> {
  try {
    return await readFile(path);
  } catch (error) {
    throw unavailable(`the TUF root ${path} cannot be read: ${errorMessage(error)}.`, error);
  }
}

async function embeddedRoot(): Promise<string> {
  const module = await import('@sigstore/tuf/seeds.json', { with: { type: 'json' } });
  const seeds: Readonly<Record<string, { readonly targets: Readonly<Record<string, string>> }>> =
    module.default;
  const target = seeds[DEFAULT_MIRROR_URL]?.targets['trusted_root.json'] ?? '';
  return Buffer.from(target, 'base64').toString('utf8');
}

function newestKey(trustedRoot: string): string {
  const starts = [...trustedRoot.matchAll(/"start":\s*"([^"]{10})/g)].map(([, day = '']) => day);
  return starts.sort().at(-1) ?? 'an unknown day';
}

function age({ refreshedAt }: CachedRoot, now: number): string {
  const day = new Date(refreshedAt).toISOString().slice(0, 10);
  return `${day}, ${Math.round((now - refreshedAt) / DAY_MS)} days old`;
}

/** The whole chain: the library's outermost message says only that something failed. */
function causes(error: unknown): string {
  const messages: string[] = [];
  for (let at = error; at instanceof Error && messages.length < 5; at = at.cause) {
    const message = errorMessage(at);
    if (!messages.includes(message)) messages.push(message);
  }
  return messages.join(': ');
}
