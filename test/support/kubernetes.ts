import { validate as configMap } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ConfigMap';
import { validate as cronJob } from 'kubernetes-models/_schemas/IoK8sApiBatchV1CronJob';
import { validate as job } from 'kubernetes-models/_schemas/IoK8sApiBatchV1Job';
import { validate as networkPolicy } from 'kubernetes-models/_schemas/IoK8sApiNetworkingV1NetworkPolicy';
import { validate as secret } from 'kubernetes-models/_schemas/IoK8sApiCoreV1Secret';
import { validate as serviceAccount } from 'kubernetes-models/_schemas/IoK8sApiCoreV1ServiceAccount';
import { parseAllDocuments } from 'yaml';

/** What a validator leaves behind when it says no. */
interface Validator {
  (data: unknown): boolean;
  readonly errors?:
    | readonly { readonly instancePath: string; readonly keyword: string }[]
    | null
    | undefined;
}

/** Made from the OpenAPI document of Kubernetes, one for each kind. */
const VALIDATORS: Readonly<Record<string, Validator>> = {
  'v1/ServiceAccount': serviceAccount,
  'v1/ConfigMap': configMap,
  'v1/Secret': secret,
  'batch/v1/CronJob': cronJob,
  'batch/v1/Job': job,
  'networking.k8s.io/v1/NetworkPolicy': networkPolicy,
};

/** An object of Kubernetes, as far as all of them are alike. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
}

/**
 * Reads a file of manifests as Kubernetes does.
 *
 * @throws Error it is no YAML
 */
export function readManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text, { version: '1.1' }).map((document) => {
    const [problem] = [...document.errors, ...document.warnings];
    if (problem !== undefined) throw problem;
    return document.toJS() as Manifest;
  });
}

/**
 * What Kubernetes would refuse, or drop without a word: `/spec/schedule: type`,
 * `/spec/retries: unknown`.
 */
export function problemsOf(manifest: Manifest): readonly string[] {
  const kind = `${manifest.apiVersion}/${manifest.kind}`;
  const validate = VALIDATORS[kind];
  if (validate === undefined) return [`/kind: no validator for ${kind}`];
  // The validators pass fields they do not know. One that they never looked at is such a field.
  const read = new Set<string>();
  validate(watched(manifest, '', read));
  const refused = (validate.errors ?? []).map(
    ({ instancePath, keyword }) => `${instancePath}: ${keyword}`,
  );
  return [...refused, ...unreadIn(manifest, '', read).map((path) => `${path}: unknown`)];
}

function watched<T extends object>(value: T, path: string, read: Set<string>): T {
  return new Proxy(value, {
    get: (target, key, receiver) => {
      const field: unknown = Reflect.get(target, key, receiver);
      if (typeof key === 'symbol') return field;
      const place = `${path}/${key}`;
      read.add(place);
      return isObject(field) ? watched(field, place, read) : field;
    },
  });
}

function unreadIn(value: object, path: string, read: ReadonlySet<string>): readonly string[] {
  return Object.entries(value).flatMap(([key, field]: [string, unknown]) => {
    const place = `${path}/${key}`;
    if (!read.has(place)) return [place];
    return isObject(field) ? unreadIn(field, place, read) : [];
  });
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
