import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import type { IPodTemplateSpec } from 'kubernetes-models/v1';
import pLimit from 'p-limit';
import { stringify } from 'yaml';
import { builtImages } from '../../support/servers/built-images.ts';
import { startPodman } from '../../support/servers/podman.ts';

/** What has to be installed to run pods. */
export const POD_TOOLS: readonly string[] = ['debian-base', 'podman', 'catatonit'];

/** How a pod ended, and what its container was. */
export interface EndedPod {
  readonly exitCode: number;
  readonly log: string;
  readonly user: string;
  readonly readOnlyRoot: boolean;
  readonly capabilities: readonly string[];
  readonly securityOptions: readonly string[];
}

/** A node: runs pods of manifests by a real engine. */
export interface PodNode {
  /** What `kubectl create secret generic NAME --from-file=KEY` makes. */
  readonly createSecret: (name: string, data: Readonly<Record<string, string>>) => Promise<void>;
  /** Runs a pod to its end. */
  readonly run: (
    name: string,
    template: IPodTemplateSpec,
    configMap: object,
    /** What the controller of an indexed Job adds. */
    environment?: Readonly<Record<string, string>>,
  ) => Promise<EndedPod>;
}

export async function startNode(t: Pick<TestContext, 'after'>): Promise<PodNode> {
  const { mirror } = await builtImages();
  const podman = await startPodman();
  const run = async (...args: readonly string[]): Promise<string> =>
    podman.asOwner(['podman', ...args]);
  t.after(async () => {
    // Containers of pods are not removed one by one.
    await run('pod', 'rm', '--all', '--force');
    await podman.stop();
  });
  await podman.asOwner(['podman', 'load'], { inputFile: mirror });
  const write = async (name: string, manifest: object): Promise<string> => {
    const file = join(podman.folder, `${name}.yaml`);
    await writeFile(file, stringify(manifest));
    return file;
  };
  // Podman 4.3 crashes when pods that share a volume come, or go, at the same time.
  const oneAtATime = pLimit(1);
  return {
    createSecret: async (name, texts) => {
      // Podman 4.3 takes `data` as it is, where Kubernetes has it in base64.
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name }, data: texts };
      await run('secret', 'create', name, await write('secret', secret));
    },
    run: async (name, template, configMap, environment = {}) => {
      const pod = await write(name, onThisNode(name, template, environment));
      const map = await write(`${name}-config`, configMap);
      await oneAtATime(async () => run('kube', 'play', '--configmap', map, pod));
      const container = `${name}-mirror`;
      const exitCode = Number(await run('wait', container));
      const log = await run('logs', container);
      const [seen] = JSON.parse(await run('container', 'inspect', container)) as [Inspected];
      return {
        exitCode,
        log,
        user: seen.Config.User,
        readOnlyRoot: seen.HostConfig.ReadonlyRootfs,
        capabilities: seen.EffectiveCaps ?? [],
        securityOptions: seen.HostConfig.SecurityOpt,
      };
    },
  };
}

interface Inspected {
  readonly Config: { readonly User: string };
  readonly EffectiveCaps: readonly string[] | null;
  readonly HostConfig: {
    readonly ReadonlyRootfs: boolean;
    readonly SecurityOpt: readonly string[];
  };
}

/**
 * The pod that a Job's controller makes of its template. Besides, it runs the image as it was built here,
 * and reaches servers on this machine's loopback; and Podman 4.3 does not get over a secret that does not
 * say whether it may be missing.
 */
function onThisNode(
  name: string,
  { metadata, spec }: IPodTemplateSpec,
  environment: Readonly<Record<string, string>>,
): object {
  const more = Object.entries(environment).map(([key, value]) => ({ name: key, value }));
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...metadata, name },
    spec: {
      ...spec,
      hostNetwork: true,
      containers: spec?.containers.map((container) => ({
        ...container,
        image: 'localhost/sdr-mirror:test',
        env: [...(container.env ?? []), ...more],
      })),
      volumes: spec?.volumes?.map(({ secret, ...volume }) => ({
        ...volume,
        ...(secret === undefined ? {} : { secret: { ...secret, optional: false } }),
      })),
    },
  };
}
