import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { execa } from 'execa';

const CLIENT = join(import.meta.dirname, '../../../src/registry/client.ts');

/** Packages that are there once a client is. */
const SCRIPT = `
  import { createRequire, registerHooks } from 'node:module';
  const loaded = [];
  registerHooks({
    resolve: (specifier, context, next) => {
      const found = next(specifier, context);
      loaded.push(found.url);
      return found;
    },
  });
  const { createRegistries } = await import(${JSON.stringify(CLIENT)});
  createRegistries({ hosts: { 'acme.azurecr.io': {} } }).close();
  console.log(loaded.filter((url) => url.includes('/node_modules/')).join('\\n'));
`;

test('opening registries loads no library of a cloud: every run would wait for it', async () => {
  const { stdout } = await execa(process.execPath, ['--input-type=module', '--eval', SCRIPT]);
  assert.equal(stdout, '');
});
