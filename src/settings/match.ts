import { compileGlob } from '../glob.ts';
import { formatRepository, type Repository } from '../registry/reference.ts';
import type { About, Inner } from './fields.ts';

/** A pattern that chooses images by repository. */
export const matchInfo: About & Inner = {
  title: 'Repository',
  description:
    'Pattern on the source repository, with or without its registry: `*` stands for any characters, `/` too, `?` for one. The first entry that matches counts.',
  examples: ['atlanhq/atlan-teradata-app', 'docker.io/atlanhq/*'],
};

/**
 * Compiles the `match` of an override: a pattern on the repository, with or without its registry.
 *
 * @throws ConfigError see {@link compileGlob}
 */
export function matchRepository(pattern: string): (image: Repository) => boolean {
  const glob = compileGlob(pattern);
  return (image) => glob(image.repository) || glob(formatRepository(image));
}
