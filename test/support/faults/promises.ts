import { setTimeout as delay } from 'node:timers/promises';
import { parse } from 'yaml';
import type { RegistryChecker } from './checker.ts';
import type { Announced } from './lab.ts';

// Nothing of the product is used here: what it is wrong about must not be wrong here as well.

/** How a run ended, as the scheduler that started it sees it. */
export interface Ended {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What there is after a run. */
export interface Scene {
  /** Looks at the real target. */
  readonly registry: RegistryChecker;
  /** What the job calls it. */
  readonly targetHost: string;
  /** Repositories of this schedule begin so: `s17-ab12`. */
  readonly prefix: string;
  readonly announced: readonly Announced[];
  /** What others wrote into the map, which has to be there as it was. */
  readonly foreign: readonly string[];
  /** Images that others removed at the target after it had shown them once more: nobody's lie. */
  readonly removedTooLate: ReadonlySet<string>;
  readonly map: string | undefined;
  readonly ended: Ended;
  /** What must be nowhere in what the job wrote: output, map, files it left. */
  readonly secrets: readonly string[];
  readonly written: readonly string[];
}

/** Which promises are broken, in words; empty: none. */
export async function brokenPromises(scene: Scene): Promise<readonly string[]> {
  const { registry } = scene;
  const entries = entriesOf(scene.map);
  if (entries === undefined) return [`the map is no map:\n${scene.map}`];
  const images = await Promise.all(
    scene.announced.map(async (image) => brokenFor(image, scene, entries, registry)),
  );
  return [
    ...images.flat(),
    ...(await halfTags(scene, registry)),
    ...lostEdits(scene),
    ...(await unreported(scene, entries)),
    ...leaks(scene),
  ];
}

/** Whether the map leads every image that may be mirrored to its place. */
export function isComplete(scene: Scene): boolean {
  const entries = entriesOf(scene.map);
  return scene.announced.every((image) => !image.isGood || entries?.has(keyOf(image)) === true);
}

function keyOf({ repository, tag }: Announced): string {
  return `${repository}:${tag}`;
}

function entriesOf(map: string | undefined): ReadonlyMap<string, string> | undefined {
  const parsed = (parse(map ?? '') ?? {}) as { readonly images?: Record<string, unknown> };
  if (typeof parsed !== 'object') return undefined;
  return new Map(Object.entries(parsed.images ?? {}).map(([key, value]) => [key, String(value)]));
}

async function brokenFor(
  image: Announced,
  { prefix, targetHost, removedTooLate }: Scene,
  entries: ReadonlyMap<string, string>,
  registry: RegistryChecker,
): Promise<readonly string[]> {
  const name = keyOf(image);
  const repository = `${prefix}/${image.repository.split('/').at(-1)}`;
  const entry = entries.get(name);
  const served = await registry.digestAt(repository, image.tag);
  if (!image.isGood) {
    return [
      ...(entry === undefined
        ? []
        : [`promise 3: the map names ${name}, which nobody vouches for`]),
      ...(served === undefined ? [] : [`promise 3: ${name} is at the target unverified`]),
    ];
  }
  if (served !== undefined && served !== image.digest) {
    return [`promise 2: ${name} is ${served} at the target, and ${image.digest} was verified`];
  }
  if (entry === undefined) return [];
  const wanted = `${targetHost}/${repository}:${image.tag}`;
  if (entry !== wanted) return [`promise 1: the map leads ${name} to ${entry}, not ${wanted}`];
  if (served === undefined) {
    const isLie = !removedTooLate.has(name);
    return isLie ? [`promise 1: the map names ${name}, which is not at the target`] : [];
  }
  const referrers = await registry.referrers(repository, image.digest);
  const signatures = await Promise.all(
    image.signatures.map(async ({ digest, classicTag }) => {
      if (classicTag !== undefined) {
        const there = await registry.digestAt(repository, classicTag);
        return there === digest ? [] : [`its signature under ${classicTag} is ${there}`];
      }
      if (!referrers.includes(digest)) return [`no referrer ${digest}`];
      return registry.wrongWith(repository, digest);
    }),
  );
  return signatures.flat().map((each) => `promise 1: the map names ${name}, but ${each}`);
}

/** Every tag there is, of images as of signatures, leads to something whole. */
async function halfTags(
  { announced, prefix }: Scene,
  registry: RegistryChecker,
): Promise<readonly string[]> {
  const names = new Set(announced.map(({ repository }) => repository.split('/').at(-1)));
  const wrong = await Promise.all(
    [...names].map(async (name) => {
      const repository = `${prefix}/${name}`;
      const tags = await registry.tags(repository);
      return Promise.all(
        tags.map(async (tag) => {
          await untilServed(registry, repository, tag);
          return registry.wrongWith(repository, tag);
        }),
      );
    }),
  );
  return wrong.flat(2).map((each) => `promise 5: a tag leads to half of something: ${each}`);
}

/**
 * Waits for a tag that is listed and not served: a server may still be at what a job asked for that has
 * ended, and Distribution lists a tag before it leads anywhere. One that stays so is told of.
 */
async function untilServed(
  registry: RegistryChecker,
  repository: string,
  tag: string,
): Promise<void> {
  for (let looks = 0; looks < 50; looks += 1) {
    if ((await registry.digestAt(repository, tag)) !== undefined) return;
    await delay(100);
  }
}

function lostEdits({ foreign, map = '' }: Scene): readonly string[] {
  const lines = map.split('\n');
  return foreign
    .filter((line) => !lines.includes(line))
    .map((line) => `promise 4: lost of somebody else's: ${JSON.stringify(line)}`);
}

async function unreported(
  scene: Scene,
  entries: ReadonlyMap<string, string>,
): Promise<readonly string[]> {
  const { announced, ended } = scene;
  const missing = announced.filter((image) => !entries.has(keyOf(image))).map(keyOf);
  if (ended.exitCode === 0 && missing.length > 0) {
    return [`promise 6: exit code 0, and the map lacks ${missing.join(', ')}`];
  }
  if (ended.exitCode === 1) return [`a failure that nobody thought of:\n${ended.stdout}`];
  const said = JSON.parse(ended.stdout) as {
    readonly error?: object;
    readonly map?: { readonly error?: object };
    readonly images?: readonly { readonly image: string; readonly outcome: string }[];
  };
  if (said.error !== undefined || said.map?.error !== undefined) {
    return ended.exitCode === 0 ? ['promise 6: an error is told, and the exit code is 0'] : [];
  }
  const failed = new Set(
    said.images
      ?.filter(({ outcome }) => ['failed', 'interrupted', 'pending'].includes(outcome))
      .map(({ image }) => image),
  );
  return missing
    .filter((image) => !failed.has(image))
    .map((image) => `promise 6: ${image} is not in the map, and the report does not say so`);
}

function leaks({ secrets, ended, written, map = '' }: Scene): readonly string[] {
  const texts = { stdout: ended.stdout, stderr: ended.stderr, map, files: written.join('\n') };
  return Object.entries(texts).flatMap(([where, text]) =>
    secrets
      .filter((secret) => text.includes(secret))
      .map((secret) => `promise 7: ${secret} is in ${where}`),
  );
}
