import * as v from 'valibot';
import type { Options } from '../../options.ts';
import type { EngineInfo } from './container.ts';
import { refused } from './engine-failures.ts';
import type { EngineRequests } from './engine-requests.ts';
import { parse } from './inspect-json.ts';

interface Info {
  /** Podman's word. */
  readonly Rootless?: boolean | undefined;
  /** Docker's. */
  readonly SecurityOptions?: readonly string[] | null | undefined;
}

const info: v.GenericSchema<unknown, Info> = v.object({
  Rootless: v.optional(v.boolean()),
  SecurityOptions: v.optional(v.nullable(v.array(v.string()))),
});

/** What the engine is. Not asked with every session: Podman takes a second to find out. */
export async function describeEngine(
  requests: EngineRequests,
  options: Options,
): Promise<EngineInfo> {
  const { dialect, version, apiVersion, architecture } = await requests.session(options);
  const what = 'describe itself';
  const answer = await requests.send({ method: 'GET', path: '/info', what, ...options });
  if (answer.status !== 200) throw refused(requests.location, what, answer);
  const { Rootless, SecurityOptions = [] } = parse(info, answer, 'itself');
  return {
    kind: dialect.kind,
    version,
    apiVersion,
    rootless:
      Rootless === true || SecurityOptions?.some((option) => option.includes('rootless')) === true,
    architecture,
  };
}
