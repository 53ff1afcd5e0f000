import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { exitCodeOfFailures } from '../../../src/cli/orchestrator/failure.ts';
import {
  ConfigError,
  ControlPlaneError,
  EngineError,
  MapStoreError,
  RegistryError,
  ReleaseSourceError,
  ReportError,
  SignatureError,
  type ControlPlaneErrorCode,
  type EngineErrorCode,
  type MapStoreErrorCode,
  type MirrorError,
  type RegistryErrorCode,
  type ReportErrorCode,
  type SignatureErrorCode,
} from '../../../src/errors.ts';
import { exitCodeOf } from '../../../src/exit-code.ts';
import { CommandRefused } from '../../../src/orchestrator/lifecycle/failure.ts';
import type { CommandFailureCode } from '../../../src/orchestrator/commands.ts';
import { ROOT } from '../../support/docs/page.ts';

const PAGE = 'docs/troubleshooting.md';
const page = readFileSync(join(ROOT, PAGE), 'utf8');

type Code =
  | 'CONFIG_INVALID'
  | 'RELEASES_UNAVAILABLE'
  | RegistryErrorCode
  | SignatureErrorCode
  | MapStoreErrorCode
  | ReportErrorCode
  | EngineErrorCode
  | ControlPlaneErrorCode
  | CommandFailureCode;

const registry = (code: RegistryErrorCode): MirrorError => new RegistryError(code, '');
const signature = (code: SignatureErrorCode): MirrorError => new SignatureError(code, '');
const map = (code: MapStoreErrorCode): MirrorError => new MapStoreError(code, '');
const report = (code: ReportErrorCode): MirrorError => new ReportError(code, '');
const engine = (code: EngineErrorCode): MirrorError => new EngineError(code, '');
const control = (code: ControlPlaneErrorCode): MirrorError => new ControlPlaneError(code, '');
const refused = (code: CommandFailureCode): MirrorError => new CommandRefused(code, '');
const busy = (code: CommandFailureCode): MirrorError => new CommandRefused(code, '', true);

/** How an error of each code comes about. The types see to it that none is left out. */
const MADE: { readonly [Own in Code]: (code: Own) => MirrorError } = {
  CONFIG_INVALID: () => new ConfigError(''),
  RELEASES_UNAVAILABLE: () => new ReleaseSourceError(''),
  REGISTRY_UNAUTHORIZED: registry,
  REGISTRY_NOT_FOUND: registry,
  REGISTRY_RATE_LIMITED: registry,
  REGISTRY_UNAVAILABLE: registry,
  REGISTRY_REFUSED: registry,
  DIGEST_MISMATCH: registry,
  TARGET_CONFLICT: registry,
  SIGNATURE_MISSING: signature,
  SIGNATURE_INVALID: signature,
  SIGNER_UNTRUSTED: signature,
  TRUST_ROOT_UNAVAILABLE: signature,
  MAP_CONFLICT: map,
  MAP_UNAVAILABLE: map,
  MAP_INVALID: map,
  REPORT_UNWRITABLE: report,
  REPORT_UNDELIVERABLE: report,
  ENGINE_UNREACHABLE: engine,
  ENGINE_REFUSED: engine,
  NAME_TAKEN: engine,
  NOT_FOUND: engine,
  CONTAINER_UNHEALTHY: engine,
  TOKEN_REFUSED: control,
  TOKEN_UNAVAILABLE: control,
  TEMPORAL_REFUSED: control,
  TEMPORAL_UNREACHABLE: control,
  CALLBACK_REFUSED: control,
  CALLBACK_UNAVAILABLE: control,
  APP_NOT_INSTALLED: refused,
  NO_PREVIOUS_VERSION: refused,
  NO_RELEASE: refused,
  SELF_UPDATE_BUSY: busy,
  SELF_UPDATE_ROLLED_BACK: refused,
  NOT_ACTIVE: refused,
};

/** Codes of failures that are no MirrorError: of reports, results and workflows. */
const OTHERS = ['UNEXPECTED', 'BUG', 'SELF_UPDATE_UNFINISHED', 'PAYLOAD_INVALID'];

const sections = new Map(
  page
    .split(/^### /m)
    .slice(1)
    .map((section) => [section.split('\n', 1)[0], section.replace(/^## [^]*/m, '')] as const),
);
const rows = new Map(
  [...page.matchAll(/^\| \[`(\w+)`\]\(#(\w+)\) \| (.+?) \| (.+?) \|$/gm)].map(
    ([, code = '', anchor, exit, again]) => [code, { anchor, exit, again }] as const,
  ),
);

/** The codes that the source itself spells. */
function spelledCodes(): ReadonlySet<string> {
  const texts = [
    readFileSync(join(ROOT, 'src/errors.ts'), 'utf8'),
    /type CommandFailureCode =[^;]*;/.exec(
      readFileSync(join(ROOT, 'src/orchestrator/commands.ts'), 'utf8'),
    )?.[0] ?? '',
  ];
  return new Set(
    texts.flatMap((text) =>
      [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, code = '']) => code),
    ),
  );
}

test('every code of the source is there, and no other', () => {
  const codes = [...spelledCodes(), ...OTHERS].toSorted();
  assert.deepEqual([...sections.keys()].map(String).toSorted(), codes, `${PAGE}: sections`);
  assert.deepEqual([...rows.keys()].toSorted(), codes, `${PAGE}: the table`);
  assert.deepEqual(Object.keys(MADE).toSorted(), [...spelledCodes()].toSorted());
});

test('no other file defines errors of its own', () => {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) =>
    readFileSync(join(ROOT, file), 'utf8').includes('extends MirrorError'),
  );
  assert.deepEqual(files.toSorted(), ['src/errors.ts', 'src/orchestrator/lifecycle/failure.ts']);
});

for (const [code, section] of sections) {
  test(`${code}: its cause and the next step are there`, () => {
    assert.match(section, /^\*\*Cause\.\*\* \S/m, `${PAGE}: ${code} has no cause`);
    assert.match(section, /^\*\*Next\.\*\* \S/m, `${PAGE}: ${code} has no next step`);
    assert.equal(rows.get(`${code}`)?.anchor, code?.toLowerCase());
  });
}

for (const [code, make] of Object.entries(MADE) as [Code, (code: never) => MirrorError][]) {
  test(`${code}: exit code and whether it may pass are as the page says`, () => {
    const error = make(code as never);
    const { exit = '', again = '' } = rows.get(code) ?? {};
    assert.equal(error.code, code);
    if (/^\d/.test(exit)) {
      const own = error instanceof CommandRefused ? exitCodeOfFailures([error]) : exitCodeOf(error);
      assert.equal(exit, String(own));
    }
    if (again !== 'as the message says') assert.equal(again, error.retryable ? 'yes' : 'no');
  });
}
