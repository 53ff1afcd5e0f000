import { createHash } from 'node:crypto';
import type { ContainerSpec } from '../../src/orchestrator/engine/container-spec.ts';
import type { Digest, DigestReference } from '../../src/registry/reference.ts';

/** An image reference whose digest follows from its text. */
export function imageNamed(text: string): DigestReference {
  const digest: Digest = `sha256:${createHash('sha256').update(text).digest('hex')}`;
  return { kind: 'digest', registry: 'registry.example', repository: text, digest };
}

/** A container with the fewest settings. */
export function plainSpec(
  name: string,
  image: DigestReference,
  more: Partial<ContainerSpec> = {},
): ContainerSpec {
  return {
    name,
    image,
    environment: {},
    labels: {},
    mounts: [],
    readOnlyRoot: false,
    capabilities: { add: [], drop: [] },
    securityOptions: [],
    resources: {},
    restart: 'no',
    network: 'default',
    ports: [],
    extraHosts: {},
    ...more,
  };
}
