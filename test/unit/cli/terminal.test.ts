/** Whatever others wrote, what stands in a terminal or a log is text, and one line where one was meant. */
import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { plainPaint } from '../../../src/cli/output/format.ts';
import { reportLines } from '../../../src/cli/output/json.ts';
import { imageLine, summaryText } from '../../../src/cli/output/report-text.ts';
import { openTerminal, printError, type OutputFormat } from '../../../src/cli/output/terminal.ts';
import { ConfigError, RegistryError } from '../../../src/errors.ts';
import { hostileRecord } from '../../support/hostile-record.ts';

/** Escape sequences in one character and in two, a turn of direction, ends of lines, a command of GitHub. */
const HOSTILE =
  'a\u001b[2J\u009b31m\u202eb\r\n::set-output name=x::y\u2028::warning::z\n%0A\u0007\u00ad<b>';
const HARMFUL = /[^\P{C}\n]|[\p{Zl}\p{Zp}]/u;

function open(format: OutputFormat) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const streams = { stdout, stderr } as unknown as Parameters<typeof openTerminal>[0];
  const terminal = openTerminal(streams, { format, logLevel: 'debug' });
  return { terminal, text: () => [stdout, stderr].map((stream) => stream.read() ?? '').join('') };
}

test('a log line is one line, in words and as JSON', () => {
  for (const format of ['human', 'json'] as const) {
    const { terminal, text } = open(format);
    terminal.logger.warn(HOSTILE, { host: HOSTILE });
    const written = text();
    assert.doesNotMatch(written, HARMFUL);
    assert.match(written, /^[^\n]+\n$/);
    if (format === 'human') continue;
    assert.deepEqual(JSON.parse(written), { level: 'warn', message: HOSTILE, host: HOSTILE });
  }
});

test('an error gives no orders to what shows it, not even one that nobody expected', () => {
  const unexpected = new TypeError(HOSTILE);
  for (const error of [
    new RegistryError('REGISTRY_REFUSED', HOSTILE),
    new ConfigError([{ message: HOSTILE, path: HOSTILE }, { message: 'x' }]),
    unexpected,
    HOSTILE,
  ]) {
    const [human, json] = [open('human'), open('json')];
    printError(error, human.terminal);
    printError(error, json.terminal);
    const words = human.text();
    assert.doesNotMatch(words, HARMFUL);
    assert.doesNotMatch(words, /^::/m);
    const line = json.text();
    assert.doesNotMatch(line, HARMFUL);
    assert.match(line, /^[^\n]+\n$/);
    assert.ok(JSON.stringify(JSON.parse(line)).includes('set-output'));
  }
  const { terminal, text } = open('human');
  printError(unexpected, terminal);
  assert.match(text(), /\n +at .*terminal\.test\.ts/, 'where it comes from is told');
});

test('a run of hostile names is told in as many lines as one of others', () => {
  const { images, ...record } = hostileRecord();
  for (const image of images) {
    const lines = imageLine({ ...image, image: HOSTILE, reason: HOSTILE }, plainPaint);
    assert.doesNotMatch(lines, HARMFUL);
    assert.ok(lines.split('\n').length <= 2, lines);
    assert.doesNotMatch(lines, /^\s*::/m);
  }
  const report = { ...record, images, interrupted: true };
  assert.doesNotMatch(summaryText(report, plainPaint), HARMFUL);
  const json = reportLines({ [HOSTILE]: HOSTILE, report });
  assert.doesNotMatch(json, HARMFUL);
  assert.deepEqual(JSON.parse(json), { [HOSTILE]: HOSTILE, report });
});
