import assert from 'node:assert/strict';
import { globSync } from 'node:fs';
import { test } from 'node:test';
import { ExitCode } from '../../../src/exit-code.ts';
import { shardFromEnvironment } from '../../../src/releases/shard.ts';
import { load } from '../../support/config.ts';
import { problemsOf, readManifests } from '../../support/kubernetes.ts';
import { deployment, jobSpecs, podOf, ROOT, textOf } from './manifests.ts';

const FILES = ['cronjob.yaml', ...globSync('examples/kubernetes/*.yaml', { cwd: ROOT })];
const specs = Object.entries(jobSpecs());

test('what Kubernetes does not know is found', () => {
  const [wrong] = readManifests(`
    apiVersion: batch/v1
    kind: CronJob
    metadata: { name: wrong, label: none }
    spec: { schedule: 17, retries: 3, jobTemplate: { spec: { template: { spec: {} } } } }
  `);
  assert.ok(wrong);
  assert.deepEqual(problemsOf(wrong), [
    '/spec/jobTemplate/spec/template/spec: required',
    '/spec/schedule: type',
    '/metadata/label: unknown',
    '/spec/retries: unknown',
  ]);
});

for (const file of FILES) {
  test(`${file} is what Kubernetes takes, with what it has in comments too`, () => {
    // Annotations and labels of clouds, and rules of the network policy.
    const setting = /^( +)# (?=[\w.-]+\/[\w-]+: |- (?:to|ports): | {2}ports: )/gm;
    const filled = textOf(file).replaceAll(setting, '$1');
    assert.notEqual(filled, textOf(file));
    for (const text of [textOf(file), filled]) {
      const manifests = readManifests(text);
      assert.ok(manifests.length > 0);
      for (const manifest of manifests) assert.deepEqual(problemsOf(manifest), [], manifest.kind);
    }
  });
}

test('its mirror.yaml loads, with the secrets that are mounted and nothing else', async () => {
  const { configMap } = deployment();
  const config = await load(configMap.data?.['mirror.yaml'], {
    files: {
      '/run/secrets/sdr-mirror/atlan-api-token': 'token\n',
      '/run/secrets/sdr-mirror/registry-password': 'password\n',
    },
  });
  assert.equal(config.verify.mode, 'enforce');
  assert.equal(config.report.besideMap, true);
  assert.ok(config.registries['registry.mycompany.com']);
});

for (const [name, spec] of specs) {
  test(`${name}: every exit code of a run has its reaction, and the first that fits is meant`, () => {
    const rules = spec.podFailurePolicy?.rules ?? [];
    const reactionTo = (code: number): string | undefined =>
      rules.find(({ onExitCodes }) => onExitCodes?.values.includes(code))?.action;
    const onSignature = name === 'sharded' ? 'FailIndex' : 'FailJob';
    // Engine and control plane are the orchestrator's.
    const { ok: _ok, engine: _engine, controlPlane: _controlPlane, ...codes } = ExitCode;
    const reactions = Object.entries(codes).map(([word, code]) => [word, reactionTo(code)]);
    assert.deepEqual(Object.fromEntries(reactions), {
      bug: 'Count',
      config: 'FailJob',
      registry: 'Count',
      signature: onSignature,
      releases: 'Count',
      map: 'Count',
      interrupted: 'Ignore',
      terminated: 'Ignore',
    });
    assert.equal(rules[0]?.onPodConditions?.[0]?.type, 'DisruptionTarget');
    for (const { onExitCodes } of rules) {
      if (onExitCodes === undefined) continue;
      // Kubernetes refuses a list that is not in order, and a container that is not there.
      assert.deepEqual(
        onExitCodes.values,
        onExitCodes.values.toSorted((a, b) => a - b),
      );
      assert.ok(podOf(spec).containers.some((one) => one.name === onExitCodes.containerName));
    }
  });

  test(`${name}: the pod may do no more than it needs`, () => {
    const pod = podOf(spec);
    assert.equal(pod.restartPolicy, 'Never');
    assert.equal(pod.automountServiceAccountToken, false);
    assert.equal(pod.securityContext?.runAsNonRoot, true);
    assert.deepEqual(pod.securityContext.seccompProfile, { type: 'RuntimeDefault' });
    for (const { securityContext, resources } of pod.containers) {
      assert.deepEqual(securityContext, {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      assert.ok(resources?.requests?.['memory'] && resources.limits?.['memory']);
    }
  });

  test(`${name}: what it names is there`, () => {
    const { configMap } = deployment();
    const pod = podOf(spec);
    const [container] = pod.containers;
    const volumes = new Map(pod.volumes?.map((volume) => [volume.name, volume]));
    const mounts = container?.volumeMounts ?? [];
    assert.deepEqual(
      mounts.map((mount) => mount.name),
      [...volumes.keys()],
    );
    assert.equal(volumes.get('config')?.configMap?.name, configMap.metadata?.name);
    // 0440: for the pod's group, which is not the files' owner.
    assert.equal(volumes.get('secrets')?.secret?.defaultMode, 0o440);
    const folder = mounts.find((mount) => mount.name === 'config')?.mountPath;
    const file = container?.env?.find((variable) => variable.name === 'MIRROR_CONFIG')?.value;
    assert.deepEqual(
      Object.keys(configMap.data ?? {}).map((key) => `${folder}/${key}`),
      [file],
    );
    const accounts = readManifests(textOf('cronjob.yaml')).filter(
      ({ kind }) => kind === 'ServiceAccount',
    );
    assert.deepEqual(
      accounts.map(({ metadata }) => metadata.name),
      [pod.serviceAccountName],
    );
    const { version } = JSON.parse(textOf('package.json')) as { readonly version: string };
    assert.ok(container?.image?.endsWith(`:${version}`), container?.image);
  });
}

test('a run ends before the next begins, and is over well before orchestrators look again', () => {
  const { cronJob } = deployment();
  assert.equal(cronJob.spec?.concurrencyPolicy, 'Forbid');
  assert.match(cronJob.spec.schedule, /^\d+ \* \* \* \*$/);
  assert.ok(Number(cronJob.spec.jobTemplate.spec?.activeDeadlineSeconds) < 3600);
  // Below ten seconds Kubernetes may never start it.
  assert.ok(Number(cronJob.spec.startingDeadlineSeconds) > 10);
});

test('the shards are as many as the pods, and their pods those of the CronJob', () => {
  const { cronJob, sharded } = jobSpecs();
  const [container, ...others] = podOf(sharded).containers;
  assert.ok(container);
  const [count, ...env] = container.env ?? [];
  assert.equal(sharded.completionMode, 'Indexed');
  assert.deepEqual(
    shardFromEnvironment({ JOB_COMPLETION_INDEX: '3', [`${count?.name}`]: count?.value }),
    {
      index: 3,
      count: sharded.completions,
    },
  );
  assert.deepEqual(
    { ...podOf(sharded), containers: [{ ...container, env }, ...others] },
    podOf(cronJob),
  );
});
