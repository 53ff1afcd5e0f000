import { createHash } from 'node:crypto';
import { execa } from 'execa';
import type { Digest } from '../../../src/registry/reference.ts';
import { binary } from './binaries.ts';

/** An image in a registry that speaks plain http on loopback. */
export interface PlainImage {
  readonly host: string;
  readonly repository: string;
  /** A tag or a digest. */
  readonly at: string;
  /** Docker configuration folder with the credentials, if the registry wants some. */
  readonly dockerConfig?: string;
}

/** Tools that others wrote, asked what a registry holds. */
export const digestAccordingTo: Readonly<
  Record<'skopeo' | 'crane' | 'regctl' | 'oras', (image: PlainImage) => Promise<Digest>>
> = {
  // skopeo names no digest: it is computed from the bytes the registry gave.
  skopeo: async (image) =>
    digestOfText(
      await ask(
        'skopeo',
        ['inspect', '--raw', '--tls-verify=false', `docker://${name(image)}`],
        image,
      ),
    ),
  crane: async (image) =>
    asDigest(await ask('crane', ['digest', '--insecure', name(image)], image)),
  regctl: async (image) =>
    asDigest(await ask('regctl', [...plain(image), 'manifest', 'head', name(image)], image)),
  oras: async (image) =>
    asDigest(await ask('oras', ['resolve', '--plain-http', name(image)], image)),
};

/** Digests of what is attached, sorted; found by the referrers API or by the fallback tag. */
export const referrersAccordingTo: Readonly<
  Record<'regctl' | 'oras', (image: PlainImage) => Promise<readonly Digest[]>>
> = {
  regctl: async (image) => {
    const text = await ask(
      'regctl',
      [...plain(image), 'artifact', 'list', '--format', '{{json .}}', name(image)],
      image,
    );
    const { descriptors } = JSON.parse(text) as {
      descriptors: readonly { digest: string }[] | null;
    };
    return (descriptors ?? []).map(({ digest }) => asDigest(digest)).toSorted();
  },
  oras: async (image) => {
    const text = await ask(
      'oras',
      ['discover', '--plain-http', '--depth', '1', '--format', 'json', name(image)],
      image,
    );
    const { referrers } = JSON.parse(text) as { referrers: readonly { digest: string }[] | null };
    return (referrers ?? []).map(({ digest }) => asDigest(digest)).toSorted();
  },
};

function name({ host, repository, at }: PlainImage): string {
  return `${host}/${repository}${at.startsWith('sha256:') ? '@' : ':'}${at}`;
}

function plain({ host }: PlainImage): readonly string[] {
  return ['--host', `reg=${host},tls=disabled`];
}

/** Runs a tool; its output is kept to the byte. */
async function ask(
  tool: string,
  args: readonly string[],
  { dockerConfig }: PlainImage,
): Promise<string> {
  const credentials =
    dockerConfig === undefined
      ? {}
      : { DOCKER_CONFIG: dockerConfig, REGISTRY_AUTH_FILE: `${dockerConfig}/config.json` };
  const { stdout } = await execa(binary(tool), args, {
    env: credentials,
    stripFinalNewline: false,
  });
  return stdout;
}

function digestOfText(text: string): Digest {
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}

function asDigest(text: string): Digest {
  const digest = text.trim();
  if (/^sha256:[0-9a-f]{64}$/.test(digest)) return digest as Digest;
  throw new Error(`not a digest: ${JSON.stringify(text)}`);
}
