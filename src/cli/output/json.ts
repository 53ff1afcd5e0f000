/** A result as JSON on stdout: indented, so that a person can read it too. */
export function reportLines(result: unknown): string {
  return `${JSON.stringify(result, undefined, 2)}\n`;
}
