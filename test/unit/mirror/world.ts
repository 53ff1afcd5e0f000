import assert from 'node:assert/strict';
import type { ImageCopier } from '../../../src/copiers/image-copier.ts';
import { createRegistryCopier } from '../../../src/copiers/registry-copier.ts';
import { gravestExitCode, type ExitCode } from '../../../src/exit-code.ts';
import { parseImageMap } from '../../../src/image-map/image-map.ts';
import { createLogger, type LogRecord } from '../../../src/log.ts';
import { targetNaming } from '../../../src/mirror/naming.ts';
import type { ImageReport } from '../../../src/mirror/report.ts';
import {
  run,
  type RunDependencies,
  type RunEvent,
  type RunOptions,
  type RunResult,
  type RunSettings,
} from '../../../src/mirror/run.ts';
import type { Digest } from '../../../src/registry/reference.ts';
import { FakeReleaseSource } from '../../fakes/release-source.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';
import { MemoryRegistry } from '../../fakes/memory-registry.ts';
import { FakeSignatureVerifier } from '../../fakes/signature-verifier.ts';
import { buildImage, push, type TestImage } from '../../support/images.ts';

export const SOURCE = 'docker.io/atlanhq';
export const TARGET = 'registry.example/atlan';
export const NOW: number = Date.UTC(2026, 0, 1);

/** Something that was asked of one of the parts, in words: `target.head registry.example/atlan/a:1`. */
export type Operation = string;

export interface WorldResult extends RunResult {
  readonly exitCode: ExitCode;
  readonly events: readonly RunEvent[];
}

/** All parts of a run in memory, and a hand on each of them. */
export class World {
  readonly releases: FakeReleaseSource = new FakeReleaseSource();
  readonly verifier: FakeSignatureVerifier = new FakeSignatureVerifier();
  readonly store: MemoryMapStore;
  readonly log: LogRecord[] = [];
  /** Everything that was asked so far, in that order; set its length to 0 to forget it. */
  readonly operations: Operation[] = [];
  /** Runs before each operation: what it throws fails it, what it awaits delays it. */
  before: (operation: Operation) => void | Promise<void> = () => undefined;
  /** Runs after each write that was stored: what it throws is all the writer hears. */
  after: (operation: Operation) => void = () => undefined;
  readonly source: MemoryRegistry = this.#registry('source');
  readonly target: MemoryRegistry = this.#registry('target');
  settings: RunSettings = {
    sourceRegistry: 'docker.io',
    isAllowedSource: () => true,
    naming: targetNaming({ image: `${TARGET}/{name}:{tag}`, overrides: [] }),
    existingTarget: 'refuse',
    existingEntry: 'keep',
    entries: 'tag',
    until: 'publish',
    verify: { mode: 'enforce', graceSeconds: 3600 },
    concurrency: 4,
    publishIntervalMs: 0,
    lookAgainAfter: [0],
  };
  copier: ImageCopier = createRegistryCopier({
    source: this.source,
    target: this.target,
    signatures: true,
    lookAgainAfter: [0],
  });
  readonly #announced: string[] = [];

  constructor(map?: string) {
    this.store = new MemoryMapStore(map);
    this.store.before = (method) => this.#enter(`store.${method}`);
    this.store.after = () => this.after('store.write');
    this.verifier.before = ({ digest }) => this.#enter(`verify ${digest}`);
    this.releases.before = () => this.#enter('releases');
  }

  /** `atlanhq/a:1` is announced from now on. */
  announce(...names: readonly string[]): this {
    this.#announced.push(...names.map((name) => `atlanhq/${name}`));
    this.releases.announce(this.#announced.map((image) => ({ image })));
    return this;
  }

  /** Announces signed images `a:1`, `b:1`, …, which the source has. */
  publishAtVendor(...names: readonly string[]): readonly TestImage[] {
    this.announce(...names);
    return names.map((name) => {
      const image = imageOf(name);
      this.atSource(name, image);
      this.verifier.accept(image.digest);
      return image;
    });
  }

  atSource(name: string, image: TestImage): void {
    const [repository = '', tag = ''] = name.split(':');
    push(this.source.repository(`${SOURCE}/${repository}`), image, tag);
  }

  atTarget(name: string, image: TestImage): void {
    const [repository = '', tag = ''] = name.split(':');
    push(this.target.repository(`${TARGET}/${repository}`), image, tag);
  }

  /** What the target serves under a tag: `a:1`. */
  served(name: string): Digest | undefined {
    const [repository = '', tag = ''] = name.split(':');
    return this.target.repository(`${TARGET}/${repository}`).tags.get(tag);
  }

  /** Takes the tag away from the target: a clean-up rule, a person. */
  lose(name: string): void {
    const [repository = '', tag = ''] = name.split(':');
    this.target.repository(`${TARGET}/${repository}`).tags.delete(tag);
  }

  /** Where the map leads `atlanhq/a:1`; `undefined`: it does not name it. */
  mapped(name: string): string | undefined {
    const { rule, reference } = parseImageMap(this.store.text ?? '').resolve(`atlanhq/${name}`);
    return rule === 'unchanged' ? undefined : reference;
  }

  get dependencies(): RunDependencies {
    const { releases, source, target, verifier, copier, store } = this;
    const logger = createLogger((record) => this.log.push(record));
    return { releases, source, target, verifier, copier, store, logger, now: () => NOW };
  }

  async run(
    settings: Partial<RunSettings> = {},
    { onEvent, ...options }: RunOptions = {},
  ): Promise<WorldResult> {
    const events: RunEvent[] = [];
    const result = await run(
      this.dependencies,
      { ...this.settings, ...settings },
      {
        ...options,
        onEvent: (event) => {
          events.push(event);
          onEvent?.(event);
        },
      },
    );
    return { ...result, events, exitCode: gravestExitCode(result.errors) };
  }

  /**
   * The first promise: where the map names one of the job's places, there stands the vendor's image.
   */
  assertMapIsTrue(...images: readonly string[]): void {
    for (const name of images) {
      const reference = this.mapped(name);
      if (reference === undefined) continue;
      assert.equal(reference, `${TARGET}/${name}`);
      assert.equal(this.served(name), imageOf(name).digest, `the map names ${name}`);
    }
  }

  #registry(side: 'source' | 'target'): MemoryRegistry {
    return new MemoryRegistry({
      side,
      before: ({ method, target }) => this.#enter(`${side}.${method} ${target}`),
      after: ({ method, target }) => this.after(`${side}.${method} ${target}`),
    });
  }

  async #enter(operation: Operation): Promise<void> {
    this.operations.push(operation);
    await this.before(operation);
  }
}

const images = new Map<string, TestImage>();

/** The vendor's image of that name, always the same bytes: `a:1`. */
export function imageOf(name: string, created: string = '2020-01-01T00:00:00Z'): TestImage {
  const key = `${name} ${created}`;
  const image = images.get(key) ?? buildImage({ seed: name, layers: [64], created });
  images.set(key, image);
  return image;
}

/** The report on `a:1`. */
export function reportOn({ report }: RunResult, name: string): ImageReport {
  const found = report.images.find(({ image }) => image === `atlanhq/${name}`);
  assert.ok(found, `${name} is in the report`);
  return found;
}
