/** Commands of other programs in the documents: the options they are given are such as there are. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { execa } from 'execa';
import { scriptOf } from '../../support/docs/commands.ts';
import { readPages } from '../../support/docs/page.ts';
import { commandsIn } from '../../support/docs/shell.ts';
import { binary, requireServer } from '../../support/servers/binaries.ts';

/** Those that can be had here, and tell of the options of each command by `--help`. */
const CLIENTS = ['cosign', 'docker', 'docker-compose', 'temporal'] as const;

interface Used {
  readonly place: string;
  readonly words: readonly string[];
}

const used: readonly Used[] = readPages().flatMap((page) =>
  page.blocks
    .flatMap((block) => scriptOf(block) ?? [])
    .flatMap(commandsIn)
    .map(({ line, words }) => ({
      place: `${page.path}:${line}`,
      // Debian has the plugin of docker as a program of its own.
      words:
        words.slice(0, 2).join(' ') === 'docker compose'
          ? ['docker-compose', ...words.slice(2)]
          : words,
    })),
);

for (const client of CLIENTS) {
  test(`${client} has the options that the documents give it`, async (t) => {
    if (!requireServer(t, client)) return;
    const commands = used.filter(({ words }) => words[0] === client);
    for (const { place, words } of commands) {
      assert.deepEqual(await unknownOptions(words), [], `${place}: ${words.join(' ')}`);
    }
  });
}

test('an option that does not exist is found', async (t) => {
  if (!requireServer(t, 'cosign')) return;
  const words = ['cosign', 'verify', 'image', '--certificate-identiy=x', '--key', 'cosign.pub'];
  assert.deepEqual(await unknownOptions(words), ['--certificate-identiy']);
});

test('there are commands to look at', () => {
  const programs = new Set(used.map(({ words }) => words[0]));
  assert.deepEqual(
    CLIENTS.filter((client) => !programs.has(client)),
    [],
  );
});

/** The long options of a command that its help does not name. */
async function unknownOptions([client = '', ...words]: readonly string[]): Promise<
  readonly string[]
> {
  const options = optionsOf(words);
  if (options.length === 0) return [];
  const help = await helpOf(client, words);
  return options.filter((option) => !new RegExp(`${option}(?![\\w-])`).test(help));
}

/** Those behind the image of a container are its program's. */
function optionsOf(words: readonly string[]): readonly string[] {
  const own =
    words[0] === 'run' || words[0] === 'exec' ? words.slice(0, firstOperand(words)) : words;
  return own.flatMap((word) => /^--[a-z][\w-]*/.exec(word)?.[0] ?? []);
}

/** Where a name stands that is neither an option nor, after a lone option, may be its value. */
function firstOperand(words: readonly string[]): number {
  const at = words.findIndex(
    (word, index) =>
      index > 0 && /^[\w.-]+[/:]/.test(word) && words[index - 1]?.startsWith('-') !== true,
  );
  return at === -1 ? words.length : at;
}

/** Of the longest chain of commands that has a help of its own, with that of the program itself. */
async function helpOf(client: string, words: readonly string[]): Promise<string> {
  const chain: string[] = [];
  for (const word of words) {
    if (!/^[a-z][a-z-]*$/.test(word) || chain.length === 3) break;
    chain.push(word);
  }
  const texts: string[] = [];
  for (const end of Array.from({ length: chain.length + 1 }, (_, length) => length)) {
    const args = [...chain.slice(0, end), '--help'];
    const { stdout, stderr, failed } = await execa(binary(client), args, { reject: false });
    if (!failed) texts.push(stdout, stderr);
  }
  return texts.join('\n');
}
