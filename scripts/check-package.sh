#!/usr/bin/env bash
# Checks the package as a user gets it: packs it, lints it, installs it into an empty folder, and uses what it brings.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD
PATH="$root/node_modules/.bin:$PATH"

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

npm pack --silent --pack-destination "$folder" >/dev/null
package=$(echo "$folder"/*.tgz)
tar -tzf "$package" | sort
printf '%s files, %s bytes packed\n' "$(tar -tzf "$package" | wc -l)" "$(stat -c %s "$package")"

publint run --strict "$package"
# Bundlers and Node resolve ES modules alone; the package has no CommonJS form to check.
attw --profile esm-only "$package"

mkdir "$folder/user"
cd "$folder/user"
printf '{ "private": true, "type": "module" }\n' >package.json
# What it needs is inside: nothing is asked of the network.
npm install --silent --no-audit --omit=dev --offline "$package"
installed=$(ls node_modules)
if [[ $installed != sdr-mirror ]]; then
  echo "installed besides the package itself: $installed"
  exit 1
fi
for file in LICENSE dist/THIRD-PARTY-LICENSES.txt dist/sbom.cdx.json; do
  test -s "node_modules/sdr-mirror/$file" || { echo "$file is missing"; exit 1; }
done
for command in mirror sdr-mirror sdr-orchestrator; do
  printf '%-16s --version: ' "$command"
  "node_modules/.bin/$command" --version
done
# shellcheck disable=SC2016 # the script is JavaScript's
node --input-type=module --eval '
  for (const name of ["sdr-mirror", "sdr-mirror/image-map"]) {
    const module = await import(name);
    console.log(`${name} exports ${Object.keys(module).length} names`);
    if (Object.keys(module).length === 0) process.exitCode = 1;
  }'
cat >user.ts <<'TS'
import { createLogger, loadConfig, parseReference, run, wireRun, type RunReport } from 'sdr-mirror';
import { parseImageMap, type ImageMap } from 'sdr-mirror/image-map';

export async function mirror(): Promise<RunReport> {
  const logger = createLogger(() => undefined);
  const world = { env: {}, cwd: '/', logger, now: Date.now };
  const config = await loadConfig({ ...world, readFile: async () => '' });
  const { dependencies, settings } = await wireRun(config, world);
  return (await run(dependencies, { ...settings, until: 'plan' })).report;
}
export const map: ImageMap = parseImageMap('images: {}', 'image-map.yaml');
// @ts-expect-error the types are known: a reference is no number
export const wrong: number = parseReference('atlanhq/app:1');
TS
# Checks the declarations of the package themselves, too.
tsc --noEmit --strict --exactOptionalPropertyTypes --skipLibCheck false --target es2024 --module nodenext \
  --typeRoots "$root/node_modules/@types" --types node user.ts
cd "$root"
# Size, files, and the promise that a cold start takes less than twice the time of Node's own.
node bench/package.ts 9
