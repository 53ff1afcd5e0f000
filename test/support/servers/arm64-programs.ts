import { join } from 'node:path';
import { startProcess, temporaryFolder } from './server-process.ts';

const script = join(import.meta.dirname, '../../../scripts/with-arm64.sh');

/** Lets this machine run programs for arm64, in containers too, until it is stopped. Needs root. */
export async function startArm64Programs(): Promise<{ readonly stop: () => Promise<void> }> {
  const { path: folder, remove } = await temporaryFolder('arm64');
  const server = await startProcess(
    [script, 'sh', '-c', 'echo told; exec sleep infinity'],
    folder,
    (log) => log.includes('told') || undefined,
  );
  return {
    stop: async () => {
      await server.stop();
      await remove();
    },
  };
}
