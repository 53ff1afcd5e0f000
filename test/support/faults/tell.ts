import type { Outcome } from './run-schedule.ts';

/** A schedule and what it broke, for whoever has to mend that. */
export function tell({ seed, broken, injected, exitCode, durationMs }: Outcome): string {
  const faults = injected.map(({ request, fault }) => `  ${request}: ${JSON.stringify(fault)}`);
  return [
    `seed ${seed}: ${broken.length === 0 ? 'kept' : 'BROKEN'}, exit code ${exitCode}, ${Math.round(durationMs)} ms`,
    ...broken.map((each) => `  ${each}`),
    `replay: npm run faults -- --seed ${seed} --log`,
    ...faults,
  ].join('\n');
}

/** The figures of many schedules. */
export function summaryOf(outcomes: readonly Outcome[]): string {
  const kinds = count(outcomes.flatMap(({ injected }) => injected.map(({ fault }) => fault.kind)));
  const codes = count(outcomes.map(({ exitCode }) => String(exitCode)));
  const broken = outcomes.filter((outcome) => outcome.broken.length > 0);
  const slowest = outcomes.toSorted((a, b) => b.durationMs - a.durationMs).slice(0, 3);
  return [
    `${outcomes.length} schedules, ${broken.length} broken${broken.length > 0 ? `: seeds ${broken.map(({ seed }) => seed).join(' ')}` : ''}`,
    `faults: ${kinds}`,
    `exit code: times, of the runs with faults: ${codes}`,
    `slowest: ${slowest.map(({ seed, durationMs }) => `${seed} (${(durationMs / 1000).toFixed(1)} s)`).join(', ')}`,
  ].join('\n');
}

function count(values: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .toSorted(([a], [b]) => a.localeCompare(b))
    .map(([value, times]) => `${value}: ${times}`)
    .join(', ');
}
