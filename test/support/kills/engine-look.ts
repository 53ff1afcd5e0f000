import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';

/** A container of an app, as the engine itself tells of it. */
export interface SeenContainer {
  readonly name: string;
  readonly state: string;
  /** What the app's script says it is. */
  readonly version: string;
}

/** The containers whose names begin so, asked for by plain requests. */
export async function containersOf(
  socketPath: string,
  name: string,
): Promise<readonly SeenContainer[]> {
  const listed = (await ask(socketPath, '/containers/json?all=1')) as readonly { Id: string }[];
  const seen = await Promise.all(
    (listed ?? []).map(async ({ Id }) => ask(socketPath, `/containers/${Id}/json`)),
  );
  return seen
    .flatMap((container) => {
      // Gone since it was listed.
      if (container === undefined) return [];
      const { Name, State, Config } = container as {
        readonly Name: string;
        readonly State: { readonly Status: string };
        readonly Config: { readonly Cmd: readonly string[] };
      };
      const version = /echo (\S+) >/.exec(Config.Cmd.join(' '))?.[1] ?? '';
      return [{ name: Name.replace(/^\//, ''), state: State.Status, version }];
    })
    .filter((container) => container.name.startsWith(name));
}

async function ask(socketPath: string, path: string): Promise<unknown> {
  const question = get({ socketPath, path: `/v1.41${path}`, agent: false });
  const [answer] = (await once(question, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  const text = Buffer.concat(chunks).toString();
  // Of a container that goes while it is looked at, Podman says so with 500.
  const { statusCode } = answer;
  if (statusCode === 500 && text.includes('no such container')) return undefined;
  if (statusCode === 404) return undefined;
  if (statusCode !== 200) throw new Error(`${path}: ${statusCode} ${text}`);
  return JSON.parse(text);
}
