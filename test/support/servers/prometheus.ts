import type { TestContext } from 'node:test';
import { binary } from './binaries.ts';
import { startProcess, temporaryFolder } from './server-process.ts';

/** Something of Prometheus that serves metrics. */
export interface MetricsServer {
  readonly url: string;
  /** The values of all series whose name begins with this, by name and labels. */
  readonly series: (prefix: string) => Promise<Readonly<Record<string, number>>>;
}

export async function startPushgateway(t: Pick<TestContext, 'after'>): Promise<MetricsServer> {
  return start(t, 'prometheus-pushgateway', []);
}

/** @param folder - where its textfile collector looks for files that end in `.prom` */
export async function startNodeExporter(
  t: Pick<TestContext, 'after'>,
  folder: string,
): Promise<MetricsServer> {
  return start(t, 'prometheus-node-exporter', [
    '--collector.disable-defaults',
    '--collector.textfile',
    `--collector.textfile.directory=${folder}`,
  ]);
}

async function start(
  t: Pick<TestContext, 'after'>,
  program: string,
  options: readonly string[],
): Promise<MetricsServer> {
  const { path, remove } = await temporaryFolder(program);
  t.after(remove);
  const server = await startProcess(
    [binary(program), '--web.listen-address=127.0.0.1:0', ...options],
    path,
    (log) => /msg="Listening on" address=(127\.0\.0\.1:\d+)/.exec(log)?.[1],
  );
  t.after(server.stop);
  const url = `http://${server.ready}`;
  return {
    url,
    series: async (prefix) => {
      const text = await (await fetch(`${url}/metrics`)).text();
      const lines = text.split('\n').filter((line) => line.startsWith(prefix));
      return Object.fromEntries(
        lines.map((line) => {
          const end = line.lastIndexOf(' ');
          return [line.slice(0, end), Number(line.slice(end + 1))];
        }),
      );
    },
  };
}
