/**
 * How much memory one giant layer takes: `npm run build && node bench/giant.ts [GB]`, 10 by default.
 * Its bytes are made on the fly by a registry in this process, and forgotten by another.
 */
import { temporaryFolder } from '../test/support/servers/server-process.ts';
import { CONTENDERS } from './contenders.ts';
import { serveGiantLayer } from './limits/giant-layer.ts';
import { measure } from './measure.ts';

const size = Number(process.argv[2] ?? 10) * 1e9;
const { source, target, received, close } = await serveGiantLayer(size);
const folder = await temporaryFolder('bench-giant');
const references = ['giant:1.0'];
const task = { folder: folder.path, source, target, ca: undefined, publicKey: '', references };
try {
  const command = await CONTENDERS.mirror.prepare(task);
  const env = { PATH: process.env['PATH'] ?? '', HOME: folder.path };
  const { seconds, cpuSeconds, megabytes } = await measure(command, env, 30 * 60_000);
  console.log(
    `one layer of ${size / 1e9} GB: ${seconds.toFixed(1)} s, processor ${cpuSeconds.toFixed(1)} s, ${megabytes.toFixed(0)} MB of memory; ${(received() / 1e9).toFixed(2)} GB arrived`,
  );
} finally {
  close();
  await folder.remove();
}
