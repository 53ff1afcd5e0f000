import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { nextLink } from '../../../../src/registry/http/next-link.ts';

test('the next page is found, however it is written', () => {
  for (const header of [
    '</v2/x?last=1>; rel="next"',
    '</v2/x?last=1>;rel=next',
    '<a,b;c>; rel="prev", </v2/x?last=1> ; REL = "last NEXT"',
    '<x>; title="a, <b>; rel=\\"next\\""; rel=first,</v2/x?last=1>; a; b=c; rel=next',
  ]) {
    assert.equal(nextLink(header), '/v2/x?last=1', header);
  }
  for (const none of [
    '',
    '</x>',
    '</x>; rel="prev"',
    '</x>; rel=nextish',
    'next',
    '</x>; rel="ne',
  ]) {
    assert.equal(nextLink(none), undefined, none);
  }
  assert.equal(nextLink('</x>; rel=prev; rel=next'), undefined, 'the first relation counts');
});

test('a link reads back from its own text, whatever stands beside it', () => {
  const target = fc.string().map((text) => text.replaceAll('>', ''));
  const title = fc.string().map((text) => text.replaceAll(/["\\]/g, String.raw`\$&`));
  fc.assert(
    fc.property(target, title, target, (before, text, wanted) => {
      const header = `<${before}>; title="${text}"; rel=prev , <${wanted}>; x; rel="next"`;
      assert.equal(nextLink(header), wanted);
    }),
  );
});

test('no header breaks it or keeps it busy', () => {
  const token = fc.constantFrom(...'< > ; , = " \\ rel next a'.split(' '), ' ');
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(token).map((all) => all.join('')),
      ),
      (header) => {
        assert.ok(['string', 'undefined'].includes(typeof nextLink(header)));
      },
    ),
  );
  const began = process.cpuUsage().user;
  for (const piece of ['<', '<>;', '<>;a="', '<>,', ' ', '<>;a= ', '<>; a=\\']) {
    nextLink(piece.repeat(20_000));
    nextLink(`<>; rel="${piece.repeat(20_000)}`);
  }
  const tookMs = (process.cpuUsage().user - began) / 1000;
  assert.ok(tookMs < 5000, `it took ${tookMs} ms`);
});
