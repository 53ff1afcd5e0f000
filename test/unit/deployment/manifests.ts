import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ICronJob, IJob } from 'kubernetes-models/batch/v1';
import type { IConfigMap } from 'kubernetes-models/v1';
import { readManifests } from '../../support/kubernetes.ts';

export const ROOT: string = join(import.meta.dirname, '../../..');

export function textOf(path: string): string {
  return readFileSync(join(ROOT, path), 'utf8');
}

/** What the deployment brings, read from its files. */
export function deployment(): {
  readonly configMap: IConfigMap;
  readonly cronJob: ICronJob;
  readonly sharded: IJob;
} {
  return {
    configMap: find('cronjob.yaml', 'ConfigMap') as IConfigMap,
    cronJob: find('cronjob.yaml', 'CronJob') as ICronJob,
    sharded: find('examples/kubernetes/sharded-job.yaml', 'Job') as IJob,
  };
}

function find(path: string, kind: string): unknown {
  const found = readManifests(textOf(path)).find((manifest) => manifest.kind === kind);
  assert.ok(found, `${kind} in ${path}`);
  return found;
}

type JobSpec = NonNullable<IJob['spec']>;

export function jobSpecs(): Readonly<Record<'cronJob' | 'sharded', JobSpec>> {
  const { cronJob, sharded } = deployment();
  const scheduled = cronJob.spec?.jobTemplate.spec;
  assert.ok(scheduled && sharded.spec);
  return { cronJob: scheduled, sharded: sharded.spec };
}

export function podOf(spec: JobSpec): NonNullable<JobSpec['template']['spec']> {
  assert.ok(spec.template.spec);
  return spec.template.spec;
}
