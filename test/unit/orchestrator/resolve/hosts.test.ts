import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { ImagesConfig } from '../../../../src/orchestrator/config/config.ts';
import { hostsFor } from '../../../../src/orchestrator/resolve/hosts.ts';
import type {
  Explanation,
  ResolvedImage,
} from '../../../../src/orchestrator/resolve/resolved-image.ts';
import type { HostSettingsByHost } from '../../../../src/registry/hosts.ts';
import { parseReference } from '../../../../src/registry/reference.ts';
import { Secret } from '../../../../src/secret.ts';
import type { Revision } from '../../../../src/stores/map-store.ts';

const PASSWORD = new Secret('pw');
const MIRROR = 'registry.mycompany.com';

type Rule = Explanation['rule'];

function explanation(rule: Rule): Explanation {
  if (rule === 'base') return { rule, replaced: 'docker.io/atlanhq', by: MIRROR };
  if (rule === 'map-exact' || rule === 'map-repository' || rule === 'not-in-map') {
    return { rule, map: { location: 'memory:', revision: '1' as Revision } };
  }
  return { rule };
}

function resolved(rule: Rule, reference: string, announced: string = 'atlanhq/x:1'): ResolvedImage {
  return { announced, reference: parseReference(reference), explanation: explanation(rule) };
}

/** The hosts that the password goes to. */
function told(
  images: Partial<ImagesConfig> & { readonly host?: string },
  image: ResolvedImage,
  registries: HostSettingsByHost = {},
): readonly string[] {
  const { host, ...rest } = images;
  const credential = { username: 'ci', password: PASSWORD, host };
  const hosts = hostsFor(
    {
      images: {
        map: undefined,
        base: undefined,
        baseReplaces: 'docker.io/atlanhq',
        credential,
        ...rest,
      },
      registries,
    },
    image,
  );
  return Object.keys(hosts).filter((name) => hosts[name]?.password === PASSWORD);
}

const MAP = { map: { store: 'memory:', settings: {} } };
const BASE = { base: `${MIRROR}/atlan` };

describe('the user of container_registry is sent to', () => {
  for (const [what, images, image, hosts] of [
    ['the host the map names', MAP, resolved('map-exact', `${MIRROR}/x:1`), [MIRROR]],
    [
      'the host the map names',
      MAP,
      resolved('map-repository', `${MIRROR}:5000/x:1`),
      [`${MIRROR}:5000`],
    ],
    ['nobody where the map has no entry', MAP, resolved('not-in-map', 'atlanhq/x:1'), []],
    ['the host of base', BASE, resolved('base', `${MIRROR}/x:1`), [MIRROR]],
    ['nobody where base does not stand', BASE, resolved('outside-base', 'ghcr.io/x/y:1'), []],
    ['Docker Hub without either', {}, resolved('unchanged', 'atlanhq/x:1'), ['docker.io']],
    ['Docker Hub without either', {}, resolved('unchanged', 'ghcr.io/x/y:1'), ['docker.io']],
    ['where an image came from', MAP, resolved('recorded', `${MIRROR}/x:1`), [MIRROR]],
    ['nobody, where that is no mirror', MAP, resolved('recorded', 'atlanhq/x:1'), []],
    ['Docker Hub', {}, resolved('recorded', `${MIRROR}/x:1`), ['docker.io']],
    [
      'its host alone',
      { ...MAP, host: 'r.example' },
      resolved('map-exact', `${MIRROR}/x:1`),
      ['r.example'],
    ],
    ['its host always', { ...MAP, host: MIRROR }, resolved('not-in-map', 'atlanhq/x:1'), [MIRROR]],
  ] as const) {
    const { rule } = image.explanation;
    test(`${what}: ${rule}, ${image.reference.registry}`, () => {
      assert.deepEqual(told(images, image), hosts);
    });
  }
});

describe('orchestrator.registries', () => {
  const image = resolved('map-exact', `${MIRROR}/x:1`);

  test('is kept, and completed', () => {
    const ca = '-----BEGIN CERTIFICATE-----';
    const registries = { [MIRROR]: { ca }, 'other.example': { plainHttp: true } };
    const images = { ...MAP, base: undefined, baseReplaces: '', credential: undefined };
    assert.deepEqual(hostsFor({ images, registries }, image), registries);
    const credential = { username: 'ci', password: PASSWORD, host: undefined };
    assert.deepEqual(hostsFor({ images: { ...images, credential }, registries }, image), {
      [MIRROR]: { ca, username: 'ci', password: PASSWORD },
      'other.example': { plainHttp: true },
    });
  });

  test('wins with a credential of its own', () => {
    const own = new Secret('own');
    assert.deepEqual(told(MAP, image, { [MIRROR]: { username: 'me', password: own } }), []);
    assert.deepEqual(told(MAP, image, { [MIRROR]: { identityToken: own } }), []);
  });
});
