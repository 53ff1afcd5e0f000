import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { parse } from 'yaml';
import { ROOT } from './page.ts';

// What GitHub takes, as far as it is used here. Source: docs.github.com, "Workflow syntax".
const scalar = v.union([v.string(), v.number(), v.boolean()]);
const variables = v.record(v.string(), scalar);
const permissions = v.union([
  v.picklist(['read-all', 'write-all']),
  v.record(
    v.picklist([
      'actions',
      'attestations',
      'checks',
      'contents',
      'deployments',
      'id-token',
      'issues',
      'packages',
      'pages',
      'pull-requests',
      'security-events',
      'statuses',
    ]),
    v.picklist(['read', 'write', 'none']),
  ),
]);
const concurrency = v.union([
  v.string(),
  v.strictObject({
    group: v.string(),
    'cancel-in-progress': v.optional(v.union([v.boolean(), v.string()])),
  }),
]);
const defaults = v.strictObject({
  run: v.strictObject({
    shell: v.optional(v.string()),
    'working-directory': v.optional(v.string()),
  }),
});
const step = v.pipe(
  v.strictObject({
    id: v.optional(v.string()),
    if: v.optional(scalar),
    name: v.optional(v.string()),
    uses: v.optional(v.pipe(v.string(), v.regex(/^(?:\.\/|docker:\/\/|[\w.-]+\/[\w./-]+@\S+$)/))),
    run: v.optional(v.string()),
    with: v.optional(variables),
    env: v.optional(variables),
    shell: v.optional(v.string()),
    'working-directory': v.optional(v.string()),
    'continue-on-error': v.optional(scalar),
    'timeout-minutes': v.optional(scalar),
  }),
  v.check(({ uses, run }) => (uses === undefined) !== (run === undefined), 'uses or run, not both'),
);
const job = v.strictObject({
  name: v.optional(v.string()),
  needs: v.optional(v.union([v.string(), v.array(v.string())])),
  if: v.optional(scalar),
  'runs-on': v.optional(v.union([v.string(), v.array(v.string())])),
  permissions: v.optional(permissions),
  environment: v.optional(v.union([v.string(), v.record(v.string(), v.string())])),
  concurrency: v.optional(concurrency),
  outputs: v.optional(variables),
  env: v.optional(variables),
  defaults: v.optional(defaults),
  'timeout-minutes': v.optional(scalar),
  strategy: v.optional(v.record(v.string(), v.unknown())),
  'continue-on-error': v.optional(scalar),
  container: v.optional(v.unknown()),
  services: v.optional(v.record(v.string(), v.unknown())),
  uses: v.optional(v.string()),
  with: v.optional(variables),
  secrets: v.optional(v.union([v.literal('inherit'), variables])),
  steps: v.optional(v.array(step)),
});
const workflow = v.strictObject({
  name: v.optional(v.string()),
  'run-name': v.optional(v.string()),
  on: v.optional(v.union([v.string(), v.array(v.string()), v.record(v.string(), v.unknown())])),
  permissions: v.optional(permissions),
  env: v.optional(variables),
  defaults: v.optional(defaults),
  concurrency: v.optional(concurrency),
  jobs: v.optional(v.record(v.string(), job)),
  // A part of a job.
  steps: v.optional(v.array(step)),
});

type Step = v.InferOutput<typeof step>;

/** What GitHub would refuse in a workflow or a part of one, and our own action in its inputs. */
export function workflowProblems(data: unknown): readonly string[] {
  const { success, issues, output } = v.safeParse(workflow, data);
  if (!success) {
    return issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  }
  const { jobs = {}, steps = [] } = output;
  const all = [...Object.values(jobs).flatMap((one) => one.steps ?? []), ...steps];
  const unrunnable = Object.entries(jobs)
    .filter(([, one]) => (one['runs-on'] === undefined) === (one.uses === undefined))
    .map(([name]) => `jobs.${name}: runs-on and steps, or uses`);
  return [...unrunnable, ...all.flatMap(inputProblems)];
}

/** Ours: in this checkout, in one beside the caller's, or as it is released. */
const OWN_ACTION = /^(?:\.\/(?:\.?sdr-mirror)?$|[\w.-]+\/sdr-mirror@)/;

function inputProblems({ uses = '', with: given = {} }: Step): readonly string[] {
  if (!OWN_ACTION.test(uses)) return [];
  const file = join(ROOT, 'action.yml');
  if (!existsSync(file)) return ['there is no action.yml'];
  const { inputs = {} } = parse(readFileSync(file, 'utf8')) as {
    readonly inputs?: Readonly<Record<string, { readonly required?: boolean }>>;
  };
  const unknown = Object.keys(given).filter((name) => !Object.hasOwn(inputs, name));
  const missing = Object.keys(inputs).filter(
    (name) => inputs[name]?.required === true && !Object.hasOwn(given, name),
  );
  return [
    ...unknown.map((name) => `action.yml has no input ${JSON.stringify(name)}`),
    ...missing.map((name) => `action.yml wants the input ${JSON.stringify(name)}`),
  ];
}
