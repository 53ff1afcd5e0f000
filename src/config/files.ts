import { resolveFile, type FileContext } from '../settings/files.ts';
import type { Role } from '../settings/fields.ts';
import { absoluteLocation } from './schema/location.ts';

/**
 * What a text of that role stands for; relative paths start at `base`.
 *
 * @throws ConfigError the file cannot be read
 */
export async function resolveText(role: Role, text: string, context: FileContext): Promise<string> {
  return role === 'location'
    ? absoluteLocation(text, context.base)
    : resolveFile(role, text, context);
}
