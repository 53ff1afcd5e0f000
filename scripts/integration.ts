/**
 * Runs the integration suite: `npm run test:integration [-- FILE …]`, all files by default.
 *
 * Two files at a time, each in a process of its own and, where root can give one, on a machine of its
 * own (own-machine.sh): engines on one machine would take each other's subnets. What a file printed
 * comes in one piece when it has ended, and its failures once more at the end.
 */
import { join } from 'node:path';
import { execa } from 'execa';
import { findBinary } from '../test/support/servers/binaries.ts';
import { IMAGE_TOOLS } from '../test/support/servers/built-images.ts';
import { testFiles } from './integration/files.ts';
import { inLanes } from './integration/lanes.ts';
import { runFile } from './integration/run-file.ts';
import { block, summary } from './integration/summary.ts';

const root = join(import.meta.dirname, '..');
const OWN_MACHINE = join(import.meta.dirname, 'own-machine.sh');
/** The longest takes three minutes where nothing else runs. */
const FILE_TIMEOUT_MS = 20 * 60_000;

const patterns = process.argv.slice(2);
const files = await testFiles(
  patterns.length > 0 ? patterns : ['test/integration/**/*.test.ts'],
  root,
);
const isRoot = process.getuid?.() === 0;
const isApart = isRoot && (await canBeApart());
// Without root no engine is started.
const lanes = isApart || !isRoot ? 2 : 1;
const env = isApart ? await builtImages() : {};
console.log(
  `${files.length} files, ${lanes} at a time${isApart ? ', each on a machine of its own' : ''}`,
);
const launcher = isApart ? [OWN_MACHINE] : [];
const runs = await inLanes(lanes, files, async (file) => {
  const run = await runFile(file, { launcher, timeoutMs: FILE_TIMEOUT_MS, cwd: root, env });
  console.log(block(run));
  return run;
});
console.log(summary(runs));
if (runs.some(({ isGood }) => !isGood)) process.exitCode = 1;

async function canBeApart(): Promise<boolean> {
  const { failed, stderr } = await execa(OWN_MACHINE, ['true'], { reject: false });
  if (failed) console.log(`one file at a time, since it gets no machine of its own: ${stderr}`);
  return !failed;
}

/** Built beforehand, since packages are installed for them, and machines of one's own are offline. */
async function builtImages(): Promise<Readonly<Record<string, string>>> {
  if (process.env['SDR_MIRROR_IMAGES'] !== undefined) return {};
  if (!files.some((file) => /\/(?:chain|deployment|image)\//.test(file))) return {};
  if (IMAGE_TOOLS.some((tool) => findBinary(tool) === undefined)) return {};
  const { stdout } = await execa(join(import.meta.dirname, 'build-images.sh'), ['all'], {
    stderr: 'inherit',
  });
  const [own = '', arm64] = stdout.split('\n');
  return {
    SDR_MIRROR_IMAGES: own,
    ...(arm64 === undefined ? {} : { SDR_MIRROR_IMAGES_ARM64: arm64 }),
  };
}
