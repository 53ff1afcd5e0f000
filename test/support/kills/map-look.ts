import assert from 'node:assert/strict';
import { parse } from 'yaml';

/** What other people wrote into a map before the job came: odd in every way a person is. */
export const FOREIGN_MAP: string = `# Ours; ask the platform team
release:   # what we run
  name: "2025-11"
  notes: &notes |
    kept by hand

images:
  # pinned until March
  'atlanhq/kept-app:1.0' : registry.example/kept@sha256:${'0'.repeat(64)}   # do not touch
  "atlanhq/other" : "registry.example/other"

custom: { by: 'us', notes: *notes }
# the end
`;

/** The entries of a map, read as any YAML. @throws Error it is not one */
export function entriesOf(text: string): ReadonlyMap<string, string> {
  const { images } = (parse(text) ?? {}) as { readonly images?: Record<string, string> | null };
  return new Map(Object.entries(images ?? {}));
}

/**
 * A map that somebody may find at any moment: all that was there before, every line of it, and
 * entries of ours that say what they should.
 *
 * @param wanted - the entries that may be added
 * @returns the keys of ours that are there
 */
export function assertValidMap(
  text: string,
  before: string,
  wanted: ReadonlyMap<string, string>,
): readonly string[] {
  const entries = entriesOf(text);
  const old = entriesOf(before);
  for (const [key, value] of old) assert.equal(entries.get(key), value, `the entry ${key}`);
  const added = [...entries].filter(([key]) => !old.has(key));
  for (const [key, value] of added) assert.equal(value, wanted.get(key), `the entry ${key}`);
  assertLinesKept(text, before);
  return added.map(([key]) => key);
}

/** Every line of before is still there, byte for byte and in its order. */
export function assertLinesKept(text: string, before: string): void {
  const lines = text.split('\n');
  let at = 0;
  for (const line of before.split('\n')) {
    const found = lines.indexOf(line, at);
    assert.notEqual(found, -1, `the line ${JSON.stringify(line)} is gone:\n${text}`);
    at = found + 1;
  }
}
