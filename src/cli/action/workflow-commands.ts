import { randomUUID } from 'node:crypto';
import { appendFile } from 'node:fs/promises';
import type { Writable } from 'node:stream';

// https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands

/** A mark at the step, and at the top of the run's page. */
export interface Annotation {
  readonly level: 'error' | 'warning';
  readonly title: string;
  readonly message: string;
}

/**
 * Keeps GitHub from obeying lines of the log that only look like its commands: names of images are
 * chosen by others.
 *
 * @returns ends it
 */
export function stopCommands(stdout: Writable): () => void {
  const token = randomUUID();
  stdout.write(`::stop-commands::${token}\n`);
  return () => {
    stdout.write(`::${token}::\n`);
  };
}

export function maskSecret(secret: string, stdout: Writable): void {
  if (secret !== '') stdout.write(`::add-mask::${escapeData(secret)}\n`);
}

export function annotate({ level, title, message }: Annotation, stdout: Writable): void {
  stdout.write(`::${level} title=${escapeProperty(title)}::${escapeData(message)}\n`);
}

/** Sets outputs of the step; without the file that GitHub names there is nobody to read them. */
export async function setOutputs(
  outputs: Readonly<Record<string, string>>,
  file: string | undefined,
): Promise<void> {
  if (file === undefined || file === '') return;
  // Nobody can end a value that does not know the mark.
  const mark = `end-${randomUUID()}`;
  const text = Object.entries(outputs).map(
    ([name, value]) => `${name}<<${mark}\n${value}\n${mark}\n`,
  );
  await appendFile(file, text.join(''));
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}
