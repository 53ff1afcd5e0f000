import { isIP } from 'node:net';
import { ConfigError } from '../../../errors.ts';
import type { PublishedPort } from '../../engine/container-spec.ts';

const PORT =
  /^(?:(?<address>\[[^\]]+\]|[^:[\]]+):)?(?<host>\d{1,5}):(?<container>\d{1,5})(?:\/(?<protocol>tcp|udp))?$/;

/**
 * Reads `8000:8000`, `127.0.0.1:8000:8000`, `[::1]:8000:8000/udp`.
 *
 * @throws ConfigError
 */
export function parsePublishedPort(text: string): PublishedPort {
  const { address, host, container, protocol } = PORT.exec(text)?.groups ?? {};
  const [hostPort, containerPort] = [Number(host), Number(container)];
  if (!isPort(hostPort) || !isPort(containerPort)) {
    throw new ConfigError(
      'is not a port: expected host port:container port, like 127.0.0.1:8000:8000',
    );
  }
  const hostAddress = address?.replace(/^\[|\]$/g, '');
  if (hostAddress !== undefined && isIP(hostAddress) === 0) {
    throw new ConfigError('does not start with an IP address');
  }
  return {
    containerPort,
    protocol: protocol === 'udp' ? 'udp' : 'tcp',
    hostPort,
    ...(hostAddress === undefined ? {} : { hostAddress }),
  };
}

function isPort(port: number): boolean {
  return port >= 1 && port <= 65_535;
}
