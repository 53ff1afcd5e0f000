import assert from 'node:assert/strict';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { ReportError } from '../../../src/errors.ts';
import { placeChecks, type PlaceCheck } from '../../../src/reports/check-places.ts';
import { Secret } from '../../../src/secret.ts';
import { startScripted } from '../../support/scripted-server.ts';

async function look(path: string): Promise<string> {
  const [check] = placeChecks({ json: path, besideMap: false }, undefined, {});
  assert.equal(check?.name, 'write report.json');
  return check.look({});
}

function checks(host: string): readonly PlaceCheck[] {
  return placeChecks(
    { pushgateway: new Secret(`http://user:marked@${host}/marked`), besideMap: true },
    { webhook: new Secret(`http://${host}/marked`), format: 'json', on: [] },
    {},
  );
}

test('files: where they may be put is found out without putting anything there', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'places-'));
  t.after(async () => rm(folder, { recursive: true }));
  await writeFile(join(folder, 'file'), '');
  assert.equal(await look(join(folder, 'report.json')), join(folder, 'report.json'));
  assert.equal(
    await look(join(folder, 'to/be/made/report.json')),
    join(folder, 'to/be/made/report.json'),
  );
  const refused: readonly (readonly [string, RegExp])[] = [
    [folder, /not a regular file/],
    [join(folder, 'file/report.json'), /a part of its path is a file/],
  ];
  for (const [path, reason] of refused) {
    await assert.rejects(look(path), (error: unknown) => {
      assert.ok(error instanceof ReportError);
      assert.equal(error.code, 'REPORT_UNWRITABLE');
      assert.match(error.message, reason);
      return true;
    });
  }
  assert.deepEqual(await readdir(folder), ['file']);
});

test('addresses: whether somebody answers there, without a word of the address or a message', async (t) => {
  const seen: string[] = [];
  const server = await startScripted(t, ({ method, path }) => {
    seen.push(`${method} ${path}`);
    return { status: 404 };
  });
  for (const { name, look } of checks(server.host)) {
    assert.match(name, /^reach the (?:Pushgateway|webhook) of (?:report|notify)\./);
    assert.match(await look({}), /nothing was posted/);
  }
  assert.deepEqual(seen, ['HEAD /', 'HEAD /']);

  for (const { look } of checks('127.0.0.1:1')) {
    await assert.rejects(look({}), (error: unknown) => {
      assert.ok(error instanceof ReportError);
      assert.match(
        error.message,
        /^the (?:Pushgateway|webhook) of .* was not reached: nothing lis/,
      );
      assert.doesNotMatch(error.message, /marked|127\.0\.0\.1/);
      return true;
    });
  }
});
