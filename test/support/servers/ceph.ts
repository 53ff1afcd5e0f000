import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { binary } from './binaries.ts';
import type { S3Server } from './s3-servers.ts';
import { freePort, request, startProcess, temporaryFolder } from './server-process.ts';

/** The smallest cluster that answers: one monitor, one OSD in memory, nothing authenticated. */
function configuration(folder: string, monitorPort: number, gatewayPort: number): string {
  return `[global]
fsid = 5d5e0c0e-6c3a-4a3e-9d5d-1f3b7a1f0b11
mon host = v2:127.0.0.1:${monitorPort}
public addr = 127.0.0.1
cluster addr = 127.0.0.1
auth cluster required = none
auth service required = none
auth client required = none
ms mon service mode = crc secure
ms mon client mode = crc
run dir = ${folder}
log file = ${folder}/$name.log
admin socket = ${folder}/$name.asok
pid file = ${folder}/$name.pid
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 4
osd pool default pgp num = 4
osd pool default pg autoscale mode = off
osd crush chooseleaf type = 0
mon allow pool size one = true
mon data avail crit = 0
mon data avail warn = 0
mon osd min down reporters = 1
mon initial members = a
[mon.a]
mon data = ${folder}/mon
[osd]
osd objectstore = memstore
memstore device bytes = 1073741824
osd data = ${folder}/osd
osd max object name len = 460
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw data = ${folder}/rgw
rgw enable ops log = false
rgw enable usage log = false
rgw gc max objs = 4
rgw data log num shards = 1
rgw md log max shards = 1
rgw rados pool pg num min = 4
`;
}

/** Programs of {@link startCeph}, for `requireServer`. */
export const CEPH_PROGRAMS: readonly string[] = ['ceph-mon', 'ceph-osd', 'radosgw'];

/** Ceph RGW: compares ETags without their quotes, and answers 500 to racing writes. */
export async function startCeph(): Promise<S3Server> {
  const { path: folder, remove } = await temporaryFolder('ceph');
  const config = join(folder, 'ceph.conf');
  const monitorPort = await freePort();
  const gateway = `127.0.0.1:${await freePort()}`;
  const gatewayPort = Number(new URL(`http://${gateway}`).port);
  await writeFile(config, configuration(folder, monitorPort, gatewayPort));
  for (const name of ['mon', 'osd', 'rgw', 'a', 'b', 'c']) await mkdir(join(folder, name));
  const ceph = async (program: string, ...args: string[]): Promise<string> =>
    (await execa(binary(program), ['-c', config, ...args], { timeout: 180_000 })).stdout;

  const stops: (() => Promise<void>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of stops.toReversed()) await end();
    await remove();
  };
  const daemon = async (where: string, program: string, ...args: string[]): Promise<void> => {
    const options = ['-c', config, '-f', ...args];
    const server = await startProcess(
      [binary(program), ...options],
      join(folder, where),
      () => true,
    );
    stops.push(server.kill);
  };
  try {
    const map = join(folder, 'monmap');
    const address = `[v2:127.0.0.1:${monitorPort}]`;
    const fsid = ['--fsid', '5d5e0c0e-6c3a-4a3e-9d5d-1f3b7a1f0b11'];
    await execa(binary('monmaptool'), ['--create', ...fsid, '--addv', 'a', address, map]);
    await ceph('ceph-mon', '--mkfs', '-i', 'a', '--monmap', map);
    await daemon('a', 'ceph-mon', '-i', 'a');
    // Waits until the monitor answers.
    const id = (await ceph('ceph', 'osd', 'create')).trim();
    await ceph('ceph-osd', '-i', id, '--mkfs');
    await ceph('ceph', 'osd', 'crush', 'add', `osd.${id}`, '1.0', 'root=default', 'host=h');
    await daemon('b', 'ceph-osd', '-i', id);
    const url = `http://${gateway}`;
    const server = await startProcess(
      [binary('radosgw'), '-c', config, '-f', '-n', 'client.rgw.a'],
      join(folder, 'c'),
      async () => request(url).catch(() => undefined),
    );
    stops.push(server.kill);
    const credentials = { accessKeyId: 'AK', secretAccessKey: 'SK' };
    const key = ['--access-key', credentials.accessKeyId, '--secret', credentials.secretAccessKey];
    await ceph('radosgw-admin', 'user', 'create', '--uid=t', '--display-name=t', ...key);
    return { url, ...credentials, ca: undefined, log: server.log, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
