// A connector app as the orchestrator sees one: it answers on port 8000 once it is connected, and works off its queue.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import process from 'node:process';
import { NativeConnection, Worker } from '@temporalio/worker';

const { env } = process;
const connection = await NativeConnection.connect({ address: env.ATLAN_TEMPORAL_HOST });
const worker = await Worker.create({
  connection,
  namespace: env.ATLAN_TEMPORAL_NAMESPACE,
  taskQueue: `atlan-${env.ATLAN_APPLICATION_NAME}-${env.ATLAN_DEPLOYMENT_NAME}`,
  workflowBundle: { code: await readFile(new URL('workflow-bundle.js', import.meta.url), 'utf8') },
  activities: { version: async () => env.CONNECTOR_VERSION },
});
const server = createServer((request, response) => {
  response.writeHead(request.url === '/server/health' ? 200 : 404).end('{"status":"healthy"}');
}).listen(8000, '0.0.0.0');
await worker.run();
server.close();
await connection.close();
