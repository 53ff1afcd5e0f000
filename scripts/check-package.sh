#!/usr/bin/env bash
# Checks the package as a user gets it: packs it, lints it, installs it into an empty folder, and starts what it brings.
set -euo pipefail
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"

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
npm install --silent --no-audit --omit=dev --prefer-offline "$package"
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
echo "installed with its dependencies: $(du -sm node_modules | cut -f1) MB"
