import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describePolicy } from '../../../src/signatures/describe-policy.ts';
import { VENDOR_POLICY, type SignaturePolicy } from '../../../src/signatures/policy.ts';

const issuer = 'https://issuer.example';
const keys = [
  { name: 'release', pem: '', requireLog: true },
  { name: 'lab', pem: '', requireLog: false },
];
const described: Readonly<Record<string, SignaturePolicy>> = {
  'https://github.com/atlanhq/application-sdk/.github/workflows/build-and-publish-app.yaml@refs/heads/main (issuer https://token.actions.githubusercontent.com)':
    VENDOR_POLICY,
  'a (issuer https://issuer.example); or the key release; or the key lab, logged or not': {
    identities: [{ subject: 'a', issuer }],
    keys,
    require: { signatures: 1, attestations: [] },
  },
  'subjects matching a.* (issuer https://issuer.example, runnerEnvironment github-hosted); and the key release':
    {
      identities: [
        { subjectPattern: 'a.*', issuer, extensions: { runnerEnvironment: 'github-hosted' } },
      ],
      keys: keys.slice(0, 1),
      require: { signatures: 'all', attestations: [] },
    },
  '2 of: the key release; or the key lab, logged or not; with the attestation t, builder b, source s; with the attestation u':
    {
      identities: [],
      keys,
      require: {
        signatures: 2,
        attestations: [
          { predicateType: 't', builderId: 'b', sourceRepository: 's' },
          { predicateType: 'u' },
        ],
      },
    },
};

for (const [words, policy] of Object.entries(described)) {
  test(words, () => assert.equal(describePolicy(policy), words));
}
