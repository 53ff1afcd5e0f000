/** What package.json's `engines` says; sigstore-js needs these. */
const SUPPORTED = '^22.22.2 || ^24.15.0 || >=26.0.0';

/**
 * Checks the running Node before anything else is loaded, since the dependencies would fail in
 * their own words.
 *
 * @returns one line for the operator; `undefined` when all is well
 */
export function unsupportedNode(version: string): string | undefined {
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  const isSupported =
    major >= 26 ||
    (major === 24 && minor >= 15) ||
    (major === 22 && (minor > 22 || (minor === 22 && patch >= 2)));
  return isSupported
    ? undefined
    : `sdr-mirror needs Node ${SUPPORTED}; this is ${version}. Install a current Node and run it again.`;
}
