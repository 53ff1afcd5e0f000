import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { test } from 'node:test';
import { parsePage, readPages, ROOT, type Page } from '../../support/docs/page.ts';

const pages = readPages();

/** Links that lead nowhere; those to other hosts are not followed. */
function brokenLinks(page: Page, known: readonly Page[]): readonly string[] {
  return page.links
    .filter(({ text }) => !/^[a-z]+:/.test(text))
    .flatMap(({ line, text }) => {
      const [file = '', anchor] = text.split('#');
      const path = file === '' ? page.path : relative('.', join(dirname(page.path), file));
      if (!existsSync(join(ROOT, path)) && path !== page.path) {
        return [`${page.path}:${line}: ${text}: there is no ${path}`];
      }
      const target = known.find((one) => one.path === path);
      if (anchor === undefined || target?.anchors.has(anchor) === true) return [];
      return [`${page.path}:${line}: ${text}: ${path} has no heading #${anchor}`];
    });
}

for (const page of pages) {
  test(`${page.path}: its links lead somewhere`, () => {
    assert.deepEqual(brokenLinks(page, pages), []);
  });

  test(`${page.path}: every block says what it is`, () => {
    const bare = page.blocks.filter(({ language }) => language === '');
    assert.deepEqual(
      bare.map(({ line }) => `${page.path}:${line - 1}: name a language behind the fence, or text`),
      [],
    );
  });
}

test('found: a link to a file and one to a heading that are not there', () => {
  const page = parsePage(
    'docs/page.md',
    '# The `title`, twice\n# The title, twice\n[a](#the-title-twice-1) [b](stores.md#no)\n\n[c](gone.md) `[d](e)`\n',
  );
  assert.deepEqual(brokenLinks(page, [...pages, page]), [
    'docs/page.md:3: stores.md#no: docs/stores.md has no heading #no',
    'docs/page.md:5: gone.md: there is no docs/gone.md',
  ]);
});

test('every page that a file speaks of is there', () => {
  const files = globSync(
    [
      'src/**/*.ts',
      'scripts/**',
      'examples/**/*.{yaml,ts,sh}',
      '*.{md,yaml,yml}',
      '.github/**/*.yml',
    ],
    { cwd: ROOT, exclude: ['**/node_modules/**'] },
  ).filter((file) => /\.\w+$/.test(file));
  const missing = files.flatMap((file) => {
    const lines = readFileSync(join(ROOT, file), 'utf8').split('\n');
    return lines.flatMap((line, index) =>
      [...line.matchAll(/(?<![\w/])docs\/[\w-]+\.(?:md|json|svg)\b/g)]
        .filter(([page]) => !existsSync(join(ROOT, page)))
        .map(([page]) => `${file}:${index + 1}: ${page} is not there`),
    );
  });
  assert.deepEqual(missing, []);
});

test('README.md leads to every guide, directly or by another', () => {
  const reached = new Set(['README.md']);
  for (const path of reached) {
    const page = pages.find((one) => one.path === path);
    for (const { text } of page?.links ?? []) {
      reached.add(relative('.', join(dirname(path), text.replace(/#.*/, ''))));
    }
  }
  assert.deepEqual(
    pages.map(({ path }) => path).filter((path) => path.startsWith('docs/') && !reached.has(path)),
    [],
  );
});
