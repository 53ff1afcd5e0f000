import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { execa } from 'execa';
import { plainSpec } from '../../fakes/container-engine-specs.ts';
import { waitFor } from '../../support/servers/server-process.ts';
import { processOf } from './process-of.ts';
import type { RealMachine } from './real-machine.ts';

export interface Poll {
  /** Ends it, and tells what was answered and what was not. */
  readonly end: () => Promise<{
    readonly answers: readonly string[];
    readonly failures: readonly string[];
  }>;
}

/** Polls an app from another container of its network, until it is told to end. */
export async function pollByAlias(machine: RealMachine, alias: string): Promise<Poll> {
  const { engine } = machine;
  const spec = plainSpec('poller', machine.image('1'), {
    network: [{ name: 'atlan', aliases: [] }],
  });
  const id = await engine.create(spec);
  await engine.start(id);
  const pid = await processOf(machine, id);
  const resolv = await readFile(`/proc/${pid}/root/etc/resolv.conf`, 'utf8');
  const nameserver = /^nameserver\s+(\S+)/m.exec(resolv)?.[1] ?? '';
  const client = join(import.meta.dirname, 'poll-client.ts');
  const polling = execa(
    'nsenter',
    ['-t', String(pid), '-n', process.execPath, client, nameserver, alias],
    { reject: false, buffer: false },
  );
  const answers: string[] = [];
  const failures: string[] = [];
  createInterface({ input: polling.stdout }).on('line', (line) => {
    const said = JSON.parse(line) as { readonly answer?: string; readonly failure?: string };
    if (said.answer !== undefined) answers.push(said.answer);
    if (said.failure !== undefined) failures.push(said.failure);
  });
  // It ends whatever comes of the test: a client that polls on keeps the file from ending.
  const stop = async (): Promise<void> => {
    polling.kill('SIGTERM');
    await polling;
  };
  const hears = async (atLeast: number): Promise<void> => {
    try {
      await waitFor('the client gets answers', async () =>
        answers.length >= atLeast ? true : undefined,
      );
    } catch (error) {
      await stop();
      const told = `${answers.length} answers, then ${failures.slice(-3).join('; ') || 'silence'}`;
      throw new Error(`${alias} is not heard: ${told}`, { cause: error });
    }
  };
  await hears(4);
  failures.length = 0;
  return {
    end: async () => {
      await hears(answers.length + 3);
      await stop();
      return { answers, failures };
    },
  };
}
