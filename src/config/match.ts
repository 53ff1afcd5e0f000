import { compileGlob } from '../glob.ts';
import { formatRepository, type Repository } from '../registry/reference.ts';

/**
 * Compiles the `match` of an override: a pattern on the repository, with or without its registry.
 *
 * @throws ConfigError see {@link compileGlob}
 */
export function matchRepository(pattern: string): (image: Repository) => boolean {
  const glob = compileGlob(pattern);
  return (image) => glob(image.repository) || glob(formatRepository(image));
}
