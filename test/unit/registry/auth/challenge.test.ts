import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { parseChallenges } from '../../../../src/registry/auth/challenge.ts';

function parse(header: string | undefined): unknown {
  return parseChallenges(header).map(({ scheme, parameters }) => [scheme, { ...parameters }]);
}

test('what registries send', () => {
  assert.deepEqual(
    parse(
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push"',
    ),
    [
      [
        'bearer',
        {
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull,push',
        },
      ],
    ],
  );
  assert.deepEqual(parse('Basic realm="Sonatype Nexus"'), [['basic', { realm: 'Sonatype Nexus' }]]);
  assert.deepEqual(parse('BASIC REALM=x'), [['basic', { realm: 'x' }]]);
  assert.deepEqual(parse('Bearer realm = "a" , service = b'), [
    ['bearer', { realm: 'a', service: 'b' }],
  ]);
});

test('several challenges in one header', () => {
  assert.deepEqual(parse('Negotiate, NTLM abc==, Basic realm="a, b", Bearer realm="c",error=x'), [
    ['negotiate', {}],
    ['ntlm', {}],
    ['basic', { realm: 'a, b' }],
    ['bearer', { realm: 'c', error: 'x' }],
  ]);
});

test('quotes may be escaped, repeated names count once, odd names do no harm', () => {
  assert.deepEqual(parse(String.raw`Basic realm="say \"hi\" \\"`), [
    ['basic', { realm: String.raw`say "hi" \ `.trimEnd() }],
  ]);
  assert.deepEqual(parse('Basic realm=a, REALM=b'), [['basic', { realm: 'a' }]]);
  const [challenge] = parseChallenges('Basic __proto__=x, constructor=y');
  assert.equal(challenge?.parameters['__proto__'], 'x');
  assert.equal(({} as Record<string, unknown>)['x'], undefined);
});

test('nothing, or nothing that can be understood', () => {
  assert.deepEqual(parse(undefined), []);
  assert.deepEqual(parse(' , , '), []);
  assert.deepEqual(parse('"Bearer" realm=x'), []);
  assert.deepEqual(parse('Basic realm="unclosed'), [['basic', { realm: '' }]]);
});

const name = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/);
const challenge = fc.record({
  scheme: fc.constantFrom('bearer', 'basic', 'digest'),
  parameters: fc.dictionary(name, fc.string({ unit: 'grapheme-ascii' }), {
    minKeys: 1,
    maxKeys: 4,
  }),
});

function quote(value: string): string {
  return `"${value.replace(/["\\]/g, String.raw`\$&`)}"`;
}

test('whatever is written by the rules reads back', () => {
  fc.assert(
    fc.property(fc.array(challenge, { minLength: 1, maxLength: 3 }), (challenges) => {
      const header = challenges
        .map(({ scheme, parameters }) => {
          const pairs = Object.entries(parameters).map(([key, value]) => `${key}=${quote(value)}`);
          return `${scheme} ${pairs.join(', ')}`;
        })
        .join(', ');
      const expected = challenges.map((one) => [one.scheme, { ...one.parameters }]);
      assert.deepEqual(parse(header), expected);
    }),
  );
});

test('no header breaks it or keeps it busy', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 2000 }), (header) => {
      assert(Array.isArray(parseChallenges(header)));
    }),
  );
  const long = `Bearer ${'a=b,'.repeat(20_000)}`;
  assert.equal(parseChallenges(long).length, 1);
  assert(Array.isArray(parseChallenges(`Bearer realm="${'\\'.repeat(50_000)}`)));
  assert(Array.isArray(parseChallenges(`${' '.repeat(50_000)}=${'='.repeat(50_000)}`)));
});
