import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';

const SRC = join(import.meta.dirname, '../../src');

/** Which rooms a room may import from. The files directly in src/ are open to all. */
const ARROWS: Readonly<Record<string, readonly string[]>> = {
  registry: [],
  signatures: ['registry'],
  copiers: ['registry', 'signatures'],
  'image-map': ['registry'],
  settings: ['registry', 'signatures', 'stores'],
  stores: ['image-map'],
  releases: ['registry'],
  mirror: ['copiers', 'image-map', 'registry', 'releases', 'signatures', 'stores'],
  reports: ['mirror', 'registry', 'signatures', 'stores'],
  orchestrator: ['image-map', 'registry', 'releases', 'settings', 'signatures', 'stores'],
  config: ['mirror', 'registry', 'releases', 'reports', 'settings', 'signatures', 'stores'],
  cli: [
    'config',
    'copiers',
    'image-map',
    'mirror',
    'orchestrator',
    'registry',
    'releases',
    'reports',
    'settings',
    'signatures',
    'stores',
  ],
};

/** Modules that know the process; only the command line may. */
const AMBIENT = /\bprocess\.(?:argv|exit|exitCode|stdout|stderr|env)\b/;

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.ts'),
);

function roomOf(file: string): string {
  const [room = ''] = file.split('/');
  return room.endsWith('.ts') ? '' : room;
}

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'(\.[^']+)'/g)].map(([, target = '']) =>
    relative(SRC, join(SRC, dirname(file), target)),
  );
}

test('every room has its arrows written down', () => {
  const rooms = new Set(files.map(roomOf).filter((room) => room !== ''));
  assert.deepEqual(
    [...rooms].filter((room) => ARROWS[room] === undefined),
    [],
  );
});

test('a room imports only from the rooms below it', () => {
  const wrong = files.flatMap((file) => {
    const room = roomOf(file);
    if (room === '') return [];
    return importsOf(file)
      .filter((target) => roomOf(target) !== '' && roomOf(target) !== room)
      .filter((target) => !ARROWS[room]?.includes(roomOf(target)))
      .map((target) => `${file} → ${target}`);
  });
  assert.deepEqual(wrong, []);
});

test('the words every room shares import from no room', () => {
  const wrong = files
    .filter((file) => roomOf(file) === '' && file !== 'index.ts')
    .flatMap((file) =>
      importsOf(file)
        .filter((target) => roomOf(target) !== '')
        .map((target) => `${file} → ${target}`),
    );
  assert.deepEqual(wrong, []);
});

test('only the command line knows argv, exit codes, streams and the environment', () => {
  const wrong = files.filter((file) => {
    if (roomOf(file) === 'cli') return false;
    return (
      readFileSync(join(SRC, file), 'utf8')
        .split('\n')
        // A parameter with `process.env` as its default is how the world comes in at the edge.
        .some(
          (line) =>
            AMBIENT.test(line) && !/[=?]\s*process\.(?:env|stderr)\b|^\s*\*|\/\//.test(line),
        )
    );
  });
  assert.deepEqual(wrong, []);
});

test('no file has grown into two', () => {
  const long = files.filter(
    (file) => readFileSync(join(SRC, file), 'utf8').split('\n').length > 301,
  );
  assert.deepEqual(long, []);
});
