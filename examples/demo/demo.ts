import { strict as assert } from 'node:assert';
import process from 'node:process';
import { styleText } from 'node:util';
import { execa } from 'execa';
import { createWorld, type DemoWorld } from './world.ts';

/**
 * The main job, really: a release list, two registries and signed images on embedded servers, a map
 * in a file, and the command line as it is installed. Nothing outside this machine is reached.
 */
const MIRROR = new URL('../../dist/cli/mirror.js', import.meta.url);

const world = await createWorld();
try {
  await tell(world);
} finally {
  await world[Symbol.asyncDispose]();
}

async function tell(demo: DemoWorld): Promise<void> {
  const { postgres, snowflake, teradata, orchestrator } = demo.apps;
  const startedAt = performance.now();

  say('The scene', [
    `The tenant announces three apps and the orchestrator's own image. Their source registry is`,
    `${demo.source.host}, ours is ${demo.target.host} (password required), the signatures`,
    `come from a private Sigstore in this process.`,
    `  ${postgres.image}        mirrored by an earlier run`,
    `  ${snowflake.image}       a colleague sends it to an image of our own`,
    `  ${teradata.image}        carries a signature that was made for another image`,
    `  ${orchestrator.image}    new`,
  ]);
  demo.announce(postgres, snowflake, teradata, orchestrator);
  show('mirror.yaml', await demo.read('mirror.yaml'));
  const mapBefore = await demo.read('image-map.yaml');
  show('image-map.yaml, before', mapBefore);

  say('What would happen', ['Two HEADs an image and the map; nothing is changed.']);
  await mirror(demo, ['plan'], 0);

  say('The first run', [
    'It mirrors what is new, refuses what is forged (exit code 4), leaves the rest alone.',
  ]);
  await mirror(demo, ['run'], 4);
  const mapAfter = await demo.read('image-map.yaml');
  show(
    'image-map.yaml, after: one line more, all else byte for byte as it was',
    mapAfter,
    mapBefore,
  );

  say('The second run', ['The vendor withdraws the forged release. Now there is nothing to do.']);
  demo.announce(postgres, snowflake, orchestrator);
  demo.source.forget();
  demo.target.forget();
  await mirror(demo, ['run'], 0);
  assert.equal(await demo.read('image-map.yaml'), mapAfter, 'the map was not written');
  const requests = [...demo.source.requests, ...demo.target.requests]
    .filter(({ path, status }) => status !== 401 && path.startsWith('/v2/'))
    .map(({ method, path }) => `${method} ${path}`);
  show('everything both registries were asked', `${requests.toSorted().join('\n')}\n`);

  say('What the orchestrator would pull', [
    'By the map, read anew for every command. The refused image has no entry: nothing unverified is',
    'in reach, for the orchestrator can reach our registry only.',
  ]);
  const images = [postgres, snowflake, teradata, orchestrator].map(({ image }) => image);
  await mirror(demo, ['resolve', ...images], 0);

  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  say(`That was all of it, in ${seconds} s`, [
    'README.md says how to do this with your own tenant and registry.',
  ]);
}

/** Runs the command line as a user would, and insists on how it ends. */
async function mirror(demo: DemoWorld, args: readonly string[], expected: number): Promise<void> {
  process.stdout.write(`${styleText('bold', `$ mirror ${args.join(' ')}`)}\n`);
  const { exitCode } = await execa(process.execPath, [MIRROR.pathname, ...args], {
    cwd: demo.folder,
    env: { ...demo.env, ...(process.stdout.isTTY ? { FORCE_COLOR: '1' } : {}) },
    stdout: 'inherit',
    stderr: 'inherit',
    reject: false,
  });
  process.stdout.write(styleText('dim', `exit code ${exitCode}\n`));
  assert.equal(exitCode, expected, `mirror ${args[0]} ended with ${exitCode}`);
}

function say(title: string, lines: readonly string[]): void {
  process.stdout.write(
    `\n${styleText(['bold', 'cyan'], `── ${title} ──`)}\n${lines.join('\n')}\n\n`,
  );
}

/** Prints a text, with the lines marked that `before` does not have. */
function show(title: string, text: string, before?: string): void {
  const known = new Set(before?.split('\n'));
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) =>
      before === undefined || known.has(line)
        ? styleText('dim', `  │ ${line}`)
        : styleText('green', `  + ${line}`),
    );
  process.stdout.write(`\n${title}:\n${lines.join('\n')}\n\n`);
}
