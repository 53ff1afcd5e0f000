import * as v from 'valibot';
import { parsePlatform } from '../../registry/platform.ts';
import {
  about,
  flag,
  oneOf,
  optional,
  text,
  wholeNumber,
  withDefault,
  type Schema,
} from '../../settings/fields.ts';
import { parseRate } from '../../settings/rate.ts';

export interface CopySettings {
  readonly engine: 'registry' | 'skopeo';
  readonly signatures: boolean;
  readonly concurrency: number;
  readonly bandwidth?: string;
  readonly platforms?: readonly string[];
  readonly rewriteIndex?: boolean;
}

const platforms: Schema<string[]> = about(
  v.pipe(
    v.array(
      text(
        {
          title: 'Platform',
          description: '`os/architecture` or `os/architecture/variant`.',
          examples: ['linux/amd64', 'linux/arm64'],
        },
        parsePlatform,
      ),
    ),
    v.nonEmpty('names no platform: leave it out to copy all'),
  ),
  {
    title: 'Platforms',
    description:
      'Copy only these platforms of each image. Saves space and time, and costs this: the index keeps its bytes, digest and signatures, but leads nowhere for the other platforms; some registries refuse such an index; images that are at the target already are not completed when the list grows. Default: all platforms.',
  },
);

const entries = v.strictObject({
  engine: withDefault(
    oneOf(['registry', 'skopeo'], {
      title: 'Engine',
      description: '`registry` is built in and needs no binary. `skopeo` uses the one installed.',
    }),
    'registry',
  ),
  signatures: withDefault(
    flag({
      title: 'Signatures',
      description: 'Whether signatures and attestations are copied with their images.',
    }),
    true,
  ),
  concurrency: withDefault(
    wholeNumber({ title: 'Concurrency', description: 'Images in flight at once.' }, 1, 512),
    32,
  ),
  bandwidth: optional(
    text(
      {
        title: 'Bandwidth',
        description:
          'Most that is read from the source, all images together, in bytes or bits a second. The built-in engine only. Default: no limit.',
        examples: ['50MB/s', '400Mbit/s'],
      },
      parseRate,
    ),
  ),
  platforms: optional(platforms),
  rewriteIndex: optional(
    flag({
      title: 'Rewrite the index',
      description:
        'With `platforms`: change the index to list only what is copied, for targets that refuse one that leads nowhere. It becomes another image: its digest is not the one that was signed, so no signature applies at the target and whoever verifies there refuses it. The original is verified before. Knowing its own work again costs a run one read at the source for each such image. Default: the index keeps every byte.',
    }),
  ),
});

export const copySchema: Schema<CopySettings> = about(
  v.pipe(
    entries,
    v.forward(
      v.partialCheck(
        [['engine'], ['bandwidth']],
        ({ engine, bandwidth }) => engine !== 'skopeo' || bandwidth === undefined,
        'is for engine: registry only: skopeo knows no such limit',
      ),
      ['bandwidth'],
    ),
    v.forward(
      v.partialCheck(
        [['platforms'], ['rewriteIndex']],
        ({ platforms, rewriteIndex }) => rewriteIndex !== true || platforms !== undefined,
        'is for copy.platforms only: a whole index needs no rewriting',
      ),
      ['rewriteIndex'],
    ),
  ),
  { title: 'Copy', description: 'How images are copied.' },
);
