import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { assertValidMap } from './map-look.ts';
import { litterOf, type Place } from '../map-stores/map-store.ts';
import { assertAttachments, readWhole, tagsOf } from './registry-look.ts';
import { VERSION, type KillScene } from './scene.ts';

/** What a killed job may leave for a while: a later one removes it by its age. */
const TIDIED_LATER = /\.probe-[0-9a-f-]{36}$|^\.report\.json\.[0-9a-f-]{36}\.tmp$/;

/** What is looked at, and by whom it was looked at before. */
export interface LookOptions {
  readonly scene: KillScene;
  readonly place: Place;
  /** Of the map, in its store. */
  readonly key: string;
  /** Repositories of the target begin with it. */
  readonly prefix: string;
  /** What the map calls the target. */
  readonly targetHost: string;
  /** The map as it was before all jobs; `undefined`: there was none. */
  readonly before: string | undefined;
  /** Of the job. */
  readonly folder: string;
  readonly earlier?: Looked | undefined;
}

/** What was found at one moment. Whatever must hold at every moment does. */
export interface Looked {
  readonly text: string | undefined;
  /** What is announced and stands in the map. */
  readonly mapped: ReadonlySet<string>;
  /** What is announced and stands under its tag at the target. */
  readonly tagged: ReadonlySet<string>;
  /** @throws AssertionError something is missing, or lies about */
  readonly assertComplete: () => void;
}

/**
 * Looks at the registry and the map, without the product.
 *
 * @throws AssertionError a promise is broken: a tag or an entry leads to an image that is not whole or
 * not the one that was announced, or lacks its signatures; the map is not one, or has lost something
 */
export async function lookAt(options: LookOptions): Promise<Looked> {
  const { scene, place, key, prefix, targetHost, before, folder, earlier } = options;
  const announced = [...scene.images.keys()];
  const targetOf = (repository: string): string => `${prefix}/${repository.split('/').at(-1)}`;
  const wanted = new Map(
    announced.map((repository) => [
      `${repository}:${VERSION}`,
      `${targetHost}/${targetOf(repository)}:${VERSION}`,
    ]),
  );
  // The map first: what it names then is there already.
  const text = await place.read();
  const keys = text === undefined ? [] : assertValidMap(text, before ?? '', wanted);
  if (before !== undefined) assert.notEqual(text, undefined, 'the map is gone');
  const mapped = new Set(keys.map((one) => one.slice(0, one.lastIndexOf(':'))));

  const tagged = new Set<string>();
  for (const repository of announced) {
    const target = { registry: scene.seenTarget, repository: targetOf(repository) };
    if (!(await tagsOf(target.registry, target.repository)).includes(VERSION)) continue;
    const { digest } = await readWhole(target.registry, target.repository, VERSION);
    assert.equal(digest, scene.images.get(repository), `${target.repository} is another image`);
    const source = { registry: scene.seenSource, repository };
    assert.ok((await assertAttachments(source, target)) > 0, `${repository} is signed`);
    tagged.add(repository);
  }
  const dangling = [...mapped].filter((repository) => !tagged.has(repository));
  assert.deepEqual(dangling, [], 'the map names what the registry does not serve');
  for (const [what, was, is] of [
    ['an entry', earlier?.mapped, mapped],
    ['a tag', earlier?.tagged, tagged],
  ] as const) {
    assert.deepEqual(
      [...(was ?? [])].filter((one) => !is.has(one)),
      [],
      `${what} is gone again`,
    );
  }
  const reports = await readdir(join(folder, 'reports')).catch(() => []);
  const litter = [
    ...litterOf(await place.beside(), key),
    ...reports.filter((name) => name !== 'report.json'),
  ].filter((name) => !TIDIED_LATER.test(name));
  return {
    text,
    mapped,
    tagged,
    assertComplete: () => {
      assert.deepEqual([...mapped].toSorted(), announced.toSorted(), 'what the map names');
      assert.deepEqual(litter, [], 'things lie about');
    },
  };
}
