import * as v from 'valibot';
import { conceal } from '../../conceal.ts';
import { EngineError } from '../../errors.ts';
import type { Logger } from '../../log.ts';
import type { Options } from '../../options.ts';
import type { Clock } from '../../registry/http/clock.ts';
import { formatReference } from '../../registry/reference.ts';
import { Secret } from '../../secret.ts';
import type { ContainerId } from './container.ts';
import type { ContainerSpec } from './container-spec.ts';
import { engineMessage, isImageGoneMeanwhile, refused } from './engine-failures.ts';
import type { EngineRequests } from './engine-requests.ts';
import { parse } from './inspect-json.ts';
import { removeContainer } from './lifecycle.ts';
import { connectContainer, networkExists } from './networks.ts';
import { attachmentsOf, createBody } from './write-spec.ts';

interface Created {
  readonly Id: string;
  readonly Warnings?: readonly string[] | null | undefined;
}

const created: v.GenericSchema<unknown, Created> = v.object({
  Id: v.string(),
  Warnings: v.optional(v.nullable(v.array(v.string()))),
});

/** Shorter values are words of everyday. */
const SHORTEST_SECRET = 6;

/** Creates a container in all its networks, or none. */
export async function createContainer(
  requests: EngineRequests,
  spec: ContainerSpec,
  { clock, logger }: { readonly clock: Clock; readonly logger: Logger },
  options: Options,
): Promise<ContainerId> {
  const { dialect } = await requests.session(options);
  const networks = attachmentsOf(spec);
  // Docker finds a missing network only at the start.
  for (const { name } of networks) {
    if (!(await networkExists(requests, name, options))) {
      throw new EngineError(
        'NOT_FOUND',
        `there is no network ${name} at ${requests.location} for container ${spec.name}`,
      );
    }
  }
  const what = `create container ${spec.name} of ${formatReference(spec.image)}`;
  // An engine, or what stands before it, may repeat the environment that it does not take.
  const secrets = secretsOf(spec);
  const shown = (text: string): string => conceal(text, secrets);
  const answer = await requests.send({
    method: 'POST',
    path: '/containers/create',
    query: { name: spec.name },
    body: createBody(spec, dialect),
    what,
    ...options,
  });
  if (answer.status !== 201) {
    const isMissing =
      answer.status === 404 ||
      isImageGoneMeanwhile(answer) ||
      /bind source path/.test(engineMessage(answer));
    const code = dialect.isNameTaken(answer)
      ? 'NAME_TAKEN'
      : isMissing
        ? 'NOT_FOUND'
        : 'ENGINE_REFUSED';
    throw refused(requests.location, what, { ...answer, body: shown(answer.body) }, code);
  }
  const { Id, Warnings } = parse(created, answer, 'its answer');
  const id = Id as ContainerId;
  // For example that a limit is ignored, because this machine cannot keep it.
  for (const warning of Warnings ?? []) {
    logger.warn('the container engine created a container, but warns', {
      container: spec.name,
      warning: shown(warning),
    });
  }
  if (dialect.createsInSeveralNetworks) return id;
  try {
    for (const network of networks.slice(1)) {
      await connectContainer(requests, id, network, options);
    }
  } catch (error) {
    // Half of it would be found by its name and taken for whole.
    await removeContainer(requests, id, clock, {});
    throw error;
  }
  return id;
}

function secretsOf({ environment }: ContainerSpec): readonly string[] {
  return Object.values(environment)
    .filter((value) => value instanceof Secret)
    .map((secret) => secret.reveal())
    .filter(({ length }) => length >= SHORTEST_SECRET);
}
