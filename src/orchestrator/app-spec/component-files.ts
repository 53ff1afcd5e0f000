import { stringify } from 'yaml';
import type { AtlanConfig, Component, ComponentItem } from '../config/config.ts';
import {
  DEFAULT_SECRET_STORE,
  DEPLOYMENT_SECRET_STORE,
  ENVIRONMENT_STORE,
} from '../config/references.ts';
import { Secret } from '../../secret.ts';

/** One file that Dapr reads in an app's container. */
export interface ComponentFile {
  /** `objectstore.yaml` */
  readonly name: string;
  /** May hold secrets that the operator wrote into the component. */
  readonly text: Secret;
}

/**
 * The Dapr components of every app of the deployment: the operator's own, the environment as a
 * secret store, and the tenant's object store, which the deployment's OAuth pair opens. The same
 * configuration gives the same bytes.
 */
export function componentFiles(
  components: readonly Component[],
  atlan: Pick<AtlanConfig, 'url'>,
): readonly ComponentFile[] {
  const byName = new Map(
    [...madeHere(atlan), ...components].map((component) => [component.name, component]),
  );
  return [...byName.values()]
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((component) => ({ name: `${component.name}.yaml`, text: new Secret(render(component)) }));
}

/** What the operator describes under the same name wins. */
function madeHere({ url }: Pick<AtlanConfig, 'url'>): readonly Component[] {
  const environment = { type: ENVIRONMENT_STORE, version: 'v1', metadata: [], spec: {} };
  return [
    { ...environment, name: DEFAULT_SECRET_STORE, secretStore: undefined },
    { ...environment, name: DEPLOYMENT_SECRET_STORE, secretStore: undefined },
    {
      name: 'atlan-objectstore',
      type: 'bindings.aws.s3',
      version: 'v1',
      metadata: [
        plain('bucket', 'atlan-bucket'),
        plain('region', 'us-east-1'),
        plain('endpoint', `${url}/api/blobstorage`),
        variable('accessKey', 'ATLAN_AUTH_CLIENT_ID'),
        variable('secretKey', 'ATLAN_AUTH_CLIENT_SECRET'),
        plain('forcePathStyle', 'true'),
      ],
      secretStore: DEPLOYMENT_SECRET_STORE,
      spec: {},
    },
  ];
}

function plain(name: string, value: string): ComponentItem {
  return { name, value: { kind: 'value', value: new Secret(value) } };
}

function variable(name: string, own: string): ComponentItem {
  return { name, value: { kind: 'reference', name: own, key: own } };
}

function render({ name, type, version, metadata, secretStore, spec }: Component): string {
  const { scopes, ...rest } = spec;
  const refers = metadata.some(({ value }) => value.kind === 'reference');
  // Dapr outside Kubernetes looks nowhere unless it is told where.
  const store = secretStore ?? (refers ? DEFAULT_SECRET_STORE : undefined);
  const document = {
    apiVersion: 'dapr.io/v1alpha1',
    kind: 'Component',
    metadata: { name },
    spec: { type, version, ...sorted(rest), metadata: metadata.map(renderItem) },
    ...(store !== undefined && { auth: { secretStore: store } }),
    ...(scopes !== undefined && { scopes }),
  };
  // A folded line would be read as another text.
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false });
}

function renderItem({ name, value }: ComponentItem): Readonly<Record<string, unknown>> {
  if (value.kind === 'value') return { name, value: value.value.reveal() };
  if (value.kind === 'environment') return { name, envRef: value.variable };
  return { name, secretKeyRef: { name: value.name, key: value.key } };
}

function sorted(entries: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  return Object.fromEntries(Object.entries(entries).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
