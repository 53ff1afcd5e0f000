// Run inside a container's network: asks an app by its alias on and on, each time anew. Like every
// common client it tries one address after the other until one accepts.
import { Resolver } from 'node:dns/promises';
import { get, type RequestOptions } from 'node:http';
import type { TcpNetConnectOpts } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';

const [, , nameserver = '', alias = ''] = process.argv;
const end = new AbortController();
process.once('SIGTERM', () => {
  end.abort();
});

/**
 * Looks the alias up, for ten seconds if need be: Podman 4 restarts its name server whenever any
 * container joins or leaves a network, and what was asked then is lost.
 */
async function lookUp(): Promise<readonly string[]> {
  const enough = Date.now() + 10_000;
  for (;;) {
    try {
      const resolver = new Resolver({ timeout: 500, tries: 1 });
      resolver.setServers([nameserver]);
      return await resolver.resolve4(alias);
    } catch (error) {
      // Only of a name server that is not there: what it answers counts.
      const { code = '' } = error as NodeJS.ErrnoException;
      if (!['ETIMEOUT', 'ECONNREFUSED'].includes(code) || Date.now() > enough) throw error;
      await delay(50);
    }
  }
}

async function ask(): Promise<string> {
  const addresses = await lookUp();
  const answer = Promise.withResolvers<string>();
  const options: RequestOptions &
    Pick<TcpNetConnectOpts, 'autoSelectFamily' | 'autoSelectFamilyAttemptTimeout'> = {
    host: alias,
    port: 8000,
    path: '/version',
    agent: false,
    timeout: 15_000,
    autoSelectFamily: true,
    // As patient as clients are that do not race addresses: a first packet may be lost.
    autoSelectFamilyAttemptTimeout: 4000,
    lookup: (_host, _options, callback) => {
      callback(
        null,
        addresses.map((address) => ({ address, family: 4 })),
      );
    },
  };
  const request = get(options, (response) => {
    let body = '';
    response.setEncoding('utf8');
    response.on('data', (chunk: string) => {
      body += chunk;
    });
    response.on('error', answer.reject);
    response.on('end', () => {
      if (response.statusCode === 200) answer.resolve(body.trim());
      else answer.reject(new Error(`status ${response.statusCode ?? 0}`));
    });
  });
  request.on('timeout', () => request.destroy(new Error('timeout')));
  request.on('error', answer.reject);
  return answer.promise;
}

/**
 * A request that was reset before any answer is sent once more, as RFC 9110 (9.2.2) lets clients do
 * for GET: the kernel resets what it had accepted for a server that closes its port just then.
 */
async function askTwice(): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    return ask();
  }
}

while (!end.signal.aborted) {
  try {
    process.stdout.write(`${JSON.stringify({ answer: await askTwice() })}\n`);
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ failure: String(error) })}\n`);
  }
  await delay(10);
}
