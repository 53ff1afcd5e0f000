import type { FileRun } from './run-file.ts';

/** What a file printed, under a line that says how it went. */
export function block({ file, isGood, seconds, output }: FileRun): string {
  return `\n==> ${file}: ${isGood ? 'passed' : 'FAILED'} after ${seconds} s\n${output}`;
}

/** The slowest files, and what went wrong, once more, at the end. */
export function summary(runs: readonly FileRun[]): string {
  const bySeconds = runs.toSorted((one, other) => other.seconds - one.seconds);
  const slowest = bySeconds
    .slice(0, 10)
    .map(({ file, seconds }) => `${String(seconds).padStart(5)} s  ${file}`);
  const bad = runs.filter(({ isGood }) => !isGood);
  return [
    '\n==> the slowest files',
    ...slowest,
    ...bad.map((run) => `\n==> FAILED: ${run.file}\n${failures(run.output)}`),
    `\n==> ${runs.length} files, ${bad.length} of them failed`,
  ].join('\n');
}

/** What the test runner repeats of its failures, after its counts; all there is without one. */
function failures(output: string): string {
  const at = output.lastIndexOf('✖ failing tests:');
  return at === -1 ? output.split('\n').slice(-40).join('\n') : output.slice(at);
}
