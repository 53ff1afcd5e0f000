import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ConfigError } from '../../../src/errors.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';
import {
  describeSigners,
  policyIssues,
  trustSigners,
} from '../../../src/signatures/trusted-signers.ts';
import { trustedKey } from '../../support/sigstore/keys.ts';
import { newKey } from '../../support/sigstore/private-sigstore.ts';

const issuer = 'https://issuer.example';

const wrong: Readonly<Record<string, readonly [Partial<SignaturePolicy>, string, RegExp]>> = {
  'nobody is accepted': [{ identities: [] }, 'identities', /nobody is accepted/],
  'an identity without an issuer': [
    { identities: [{ subject: 'a' }] },
    'identities.0.issuer',
    /"issuer" exactly, or "issuerPattern"/,
  ],
  'an identity with an empty subject': [
    { identities: [{ subject: '', issuer }] },
    'identities.0.subject',
    /say whose signature is accepted/,
  ],
  'a subject both exact and as a pattern': [
    { identities: [{ subject: 'a', subjectPattern: 'a', issuer }] },
    'identities.0.subject',
    /either/,
  ],
  'a pattern that does not compile': [
    { identities: [{ subjectPattern: '(', issuer }] },
    'identities.0.subjectPattern',
    /not a regular expression/,
  ],
  'a pattern that would escape its anchors': [
    { identities: [{ subjectPattern: 'a)|(?:.*', issuer }] },
    'identities.0.subjectPattern',
    /not a regular expression/,
  ],
  'an extension nobody knows': [
    { identities: [{ subject: 'a', issuer, extensions: { sourceRepo: 'b' } }] },
    'identities.0.extensions.sourceRepo',
    /no such certificate extension.*sourceRepositoryURI/,
  ],
  'a key that is none': [
    { keys: [{ name: 'a.pub', pem: 'x', requireLog: true }] },
    'keys.0',
    /^a\.pub: .*not one PEM block/,
  ],
  'no signature required': [
    { require: { signatures: 0, attestations: [] } },
    'require',
    /1 or more, or "all"/,
  ],
  'half a signature required': [
    { require: { signatures: 1.5, attestations: [] } },
    'require',
    /1 or more/,
  ],
  'more signers than are named': [
    { require: { signatures: 2, attestations: [] } },
    'require',
    /2 different signers are asked for; 1 are named/,
  ],
};

for (const [title, [policy, path, message]] of Object.entries(wrong)) {
  test(`is refused: ${title}`, () => {
    const issues = policyIssues({ ...VENDOR_POLICY, ...policy });
    assert.deepEqual(
      issues.map((issue) => issue.path),
      [path],
    );
    assert.match(issues[0]?.message ?? '', message);
    assert.throws(() => trustSigners({ ...VENDOR_POLICY, ...policy }), ConfigError);
  });
}

test('every problem is told at once', () => {
  const keys = [{ name: 'a.pub', pem: 'x', requireLog: true }];
  assert.equal(policyIssues({ ...VENDOR_POLICY, identities: [{}], keys }).length, 3);
});

test('the vendor is the default, and is in words what it is', () => {
  assert.deepEqual(policyIssues(VENDOR_POLICY), []);
  assert.equal(
    describeSigners(trustSigners(VENDOR_POLICY)),
    'https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main (issuer https://token.actions.githubusercontent.com)',
  );
});

test('patterns, conditions and keys are in words too', () => {
  const identity = { subjectPattern: 'a.*', issuer, extensions: { runnerEnvironment: 'b' } };
  const keys = [trustedKey('release.pub', newKey())];
  assert.equal(
    describeSigners(trustSigners({ ...VENDOR_POLICY, identities: [identity], keys })),
    'subjects matching a.* (issuer https://issuer.example, runnerEnvironment b); the key release.pub',
  );
});
