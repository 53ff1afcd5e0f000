import assert from 'node:assert/strict';
import { parseEnv } from 'node:util';
import { describe, test } from 'node:test';
import { assert as check, property, string } from 'fast-check';
import { parseEnvFile } from '../../../../src/orchestrator/config/env-file.ts';

describe('a .env file', () => {
  test('sets variables, quoted or not, exported or not, over several lines', () => {
    const { values, issues } = parseEnvFile(
      '\u{feff}# comment\r\nA=1\r\nexport B = two # why\nC="x\ny # z\n"\nD=\'#\'\n\n  E=\nF="open\nG=7',
      '.env',
    );
    assert.deepEqual(
      { ...values },
      { A: '1', B: 'two', C: 'x\ny # z\n', D: '#', E: '', F: '"open', G: '7' },
    );
    assert.deepEqual(issues, []);
  });

  test('knows the line of each', () => {
    const file = parseEnvFile('\n# A=0\nA=1\nB="x\nC=not me\n"\nC=2\nA=3', '.env');
    assert.deepEqual(file.placeOf('A'), { file: '.env', line: 8, column: 1 });
    assert.deepEqual(file.placeOf('B'), { file: '.env', line: 4, column: 1 });
    assert.deepEqual(file.placeOf('C'), { file: '.env', line: 7, column: 1 });
    assert.equal(file.placeOf('D'), undefined);
  });

  test('tells of lines that set nothing, without repeating what may be a secret', () => {
    const { issues } = parseEnvFile('A=1\nCLIENT_SECRET: hunter2\nhunter3\n=hunter4', '.env');
    assert.deepEqual(
      issues.map(({ line, message }) => `${line}: ${message}`),
      [
        '2: this is not NAME=value: write "=" in place of ":"',
        '3: this is not NAME=value',
        '4: this is not NAME=value',
      ],
    );
  });

  test('is read as Node reads it, whatever it holds, and never fails', () => {
    check(
      property(string({ unit: 'binary-ascii', maxLength: 80 }), (text) => {
        assert.deepEqual(
          { ...parseEnvFile(text, '.env').values },
          { ...parseEnv(text.replace(/^\u{feff}/u, '')) },
        );
      }),
    );
  });
});
