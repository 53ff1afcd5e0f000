import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { parse } from 'yaml';
import { componentFiles } from '../../../../src/orchestrator/app-spec/component-files.ts';
import type { Component } from '../../../../src/orchestrator/config/config.ts';
import { Secret } from '../../../../src/secret.ts';
import { MINIMAL, load } from '../../../support/orchestrator/config.ts';

async function filesOf(text: string): Promise<Readonly<Record<string, string>>> {
  const { components, atlan } = await load(text);
  return textsOf(components, atlan.url);
}

function textsOf(
  components: readonly Component[],
  url: string = 'https://acme.atlan.com',
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    componentFiles(components, { url }).map(({ name, text }) => [name, text.reveal()]),
  );
}

function item(name: string, value: string): Component['metadata'][number] {
  return { name, value: { kind: 'value', value: new Secret(value) } };
}

describe('the component files of an app', () => {
  test("are the operator's and those of the deployment", async () => {
    const files = await filesOf(MINIMAL);
    assert.deepEqual(Object.keys(files), [
      'atlan-objectstore.yaml',
      'deployment-secret-store.yaml',
      'objectstore.yaml',
      'secretstore.yaml',
    ]);
    assert.equal(
      files['objectstore.yaml'],
      `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: objectstore
spec:
  type: bindings.aws.s3
  version: v1
  metadata:
    - name: bucket
      value: acme-sdr
    - name: region
      value: eu-central-1
`,
    );
    assert.equal(
      files['atlan-objectstore.yaml'],
      `apiVersion: dapr.io/v1alpha1
kind: Component
metadata:
  name: atlan-objectstore
spec:
  type: bindings.aws.s3
  version: v1
  metadata:
    - name: bucket
      value: atlan-bucket
    - name: region
      value: us-east-1
    - name: endpoint
      value: https://acme.atlan.com/api/blobstorage
    - name: accessKey
      secretKeyRef:
        name: ATLAN_AUTH_CLIENT_ID
        key: ATLAN_AUTH_CLIENT_ID
    - name: secretKey
      secretKeyRef:
        name: ATLAN_AUTH_CLIENT_SECRET
        key: ATLAN_AUTH_CLIENT_SECRET
    - name: forcePathStyle
      value: "true"
auth:
  secretStore: deployment-secret-store
`,
    );
    assert.deepEqual((parse(files['secretstore.yaml'] ?? '') as { spec: unknown }).spec, {
      type: 'secretstores.local.env',
      version: 'v1',
      metadata: [],
    });
  });

  test('keep references, further keys and what the operator says about our own names', async () => {
    const files =
      await filesOf(`${MINIMAL}      - { name: a, secretKeyRef: { key: ATLAN_AUTH_CLIENT_ID } }
      - { name: b, envRef: ATLAN_AUTH_CLIENT_ID }
      - { name: c, value: 7 }
      - { name: d, value: true }
    ignoreErrors: true
    initTimeout: 5s
    scopes: [teradata]
  secretstore: { type: secretstores.aws.secretmanager, version: v2 }
  atlan-objectstore: { type: bindings.gcp.bucket }
`);
    const { spec, auth, scopes } = parse(files['objectstore.yaml'] ?? '') as {
      readonly spec: { readonly metadata: readonly unknown[] };
      readonly auth: unknown;
      readonly scopes: unknown;
    };
    assert.deepEqual(spec, {
      type: 'bindings.aws.s3',
      version: 'v1',
      ignoreErrors: true,
      initTimeout: '5s',
      metadata: [
        { name: 'bucket', value: 'acme-sdr' },
        { name: 'region', value: 'eu-central-1' },
        { name: 'a', secretKeyRef: { name: 'ATLAN_AUTH_CLIENT_ID', key: 'ATLAN_AUTH_CLIENT_ID' } },
        { name: 'b', envRef: 'ATLAN_AUTH_CLIENT_ID' },
        { name: 'c', value: '7' },
        { name: 'd', value: 'true' },
      ],
    });
    assert.deepEqual([auth, scopes], [{ secretStore: 'secretstore' }, ['teradata']]);
    assert.match(
      files['secretstore.yaml'] ?? '',
      /secretstores\.aws\.secretmanager\n {2}version: v2/,
    );
    assert.match(files['atlan-objectstore.yaml'] ?? '', /bindings\.gcp\.bucket/);
  });

  test('are the same bytes, in whatever order the components are', () => {
    const [a, b] = ['a', 'b'].map((name): Component => ({
      name,
      type: 'bindings.x',
      version: 'v1',
      metadata: [],
      secretStore: undefined,
      spec: {},
    }));
    assert.ok(a !== undefined && b !== undefined);
    const reordered = { ...a, spec: { y: 1, x: 2 } };
    assert.deepEqual(
      Object.entries(textsOf([{ ...a, spec: { x: 2, y: 1 } }, b])),
      Object.entries(textsOf([b, reordered])),
    );
  });

  test('give back every value as it was: YAML reads nothing into it', () => {
    check(
      property(string({ unit: 'grapheme', maxLength: 200 }), (value) => {
        const { 'x.yaml': text = '' } = textsOf([
          {
            name: 'x',
            type: 'bindings.x',
            version: 'v1',
            metadata: [item('a', value), item('b', value)],
            secretStore: undefined,
            spec: {},
          },
        ]);
        const { spec } = parse(text) as { spec: { metadata: readonly { value: unknown }[] } };
        assert.deepEqual(
          spec.metadata.map((given) => given.value),
          [value, value],
        );
      }),
    );
  });
});
