import { findPackageJSON } from 'node:module';
import { dirname } from 'node:path';

/** The folder of this package: above the sources in a checkout, above the bundle where it is installed. */
export function packageRoot(): string {
  const manifest = findPackageJSON('.', import.meta.url);
  if (manifest === undefined) throw new Error('the package.json of sdr-mirror is missing');
  return dirname(manifest);
}
