import { ConfigError } from '../../../errors.ts';
import { parseReferenceParts } from '../../../registry/reference.ts';
import { ask, refuseCommonMistakes } from '../../../settings/texts.ts';

// Checks of single texts. Their messages go on from the text, which is shown before them or, when
// it is a secret, is not: so none of them repeats it.

const UNITS: Readonly<Record<string, number>> = {
  '': 1,
  b: 1,
  k: 1024,
  m: 1024 ** 2,
  g: 1024 ** 3,
};

/**
 * A name that can stand in the names of containers and queues. It ends in no dot and none of its
 * parts is set apart by one, since a suffix tells the containers of a swap apart.
 *
 * @throws ConfigError
 */
export function checkDeploymentName(text: string): void {
  if (/^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/.test(text)) return;
  throw new ConfigError(
    'cannot be part of container and queue names: use up to 63 letters, digits, "-" and "_", and start with a letter or digit',
  );
}

/** @throws ConfigError not a host, with a port or without */
export function checkDomain(text: string): void {
  refuseCommonMistakes(text);
  if (text.includes('/'))
    throw new ConfigError('is more than a host: leave out "/" and what follows');
  if (isHost(text)) return;
  throw new ConfigError('is not a host: expected the address of the tenant, like acme.atlan.com');
}

/** @throws ConfigError not host:port */
export function checkAddress(text: string): void {
  refuseCommonMistakes(text);
  if (/:\d{1,5}$/.test(text) && isHost(text)) return;
  throw new ConfigError('is not host:port, like acme-temporal.atlan.com:443');
}

function isHost(text: string): boolean {
  const url = URL.parse(`http://${text}/`);
  return url !== null && /^[A-Za-z0-9.:[\]-]+$/.test(text) && url.pathname === '/';
}

/** @throws ConfigError not the beginning of a reference: a registry, with or without a path */
export function checkBase(text: string): void {
  refuseCommonMistakes(text);
  const base = text.replace(/\/+$/, '');
  const message =
    'is not the beginning of an image reference: expected host/path, like registry.mycompany.com/atlan';
  const parts = ask(() => parseReferenceParts(`${base}/name`), message);
  // Without a host of its own everything would land at Docker Hub.
  const host = base.split('/')[0] ?? '';
  if (parts.registry !== host.toLowerCase() && parts.registry !== 'docker.io') {
    throw new ConfigError(message);
  }
  if (!/[.:]/.test(host) && host !== 'localhost') {
    throw new ConfigError(
      'names no registry: start with its host, like registry.mycompany.com/atlan',
    );
  }
}

/** @throws ConfigError not the beginning of a name: a registry, a path, or both */
export function checkPrefix(text: string): void {
  canonicalPrefix(text);
}

/**
 * The one spelling of the beginning of a name: `atlanhq` → `docker.io/atlanhq`, `docker.io` as it is.
 *
 * @throws ConfigError
 */
export function canonicalPrefix(text: string): string {
  refuseCommonMistakes(text);
  const { registry, repository } = ask(
    () => parseReferenceParts(`${text.replace(/\/+$/, '')}/name/name`),
    'is not the beginning of an image name, like atlanhq',
  );
  const path = repository.replace(/\/?name\/name$/, '');
  return path === '' ? registry : `${registry}/${path}`;
}

/** @throws ConfigError not the key of an object */
export function checkMapKey(text: string): void {
  if (/^\w+:\/\//.test(text)) {
    throw new ConfigError(
      'is a whole location: write where in the bucket of the component objectstore the map is, like sdr/image-map.yaml',
    );
  }
}

/** @throws ConfigError not an absolute path */
export function checkAbsolute(text: string): void {
  if (!text.startsWith('/')) throw new ConfigError('is not an absolute path: start it with "/"');
}

/** @throws ConfigError not the path of a URL */
export function checkUrlPath(text: string): void {
  if (text.startsWith('/') && URL.canParse(text, 'http://host') && !/[\s#]/.test(text)) return;
  throw new ConfigError('is not the path of a URL: start it with "/", like /server/health');
}

/** @throws ConfigError not a URL that secrets may be sent to: https, or http on this machine */
export function checkSecureUrl(text: string): void {
  const url = URL.parse(text);
  if (url === null) throw new ConfigError('is not a URL that starts with https://');
  if (url.username !== '' || url.password !== '') {
    throw new ConfigError('holds a user or password: leave them out');
  }
  const isSecure =
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  if (!isSecure)
    throw new ConfigError('does not start with https://: an access token is sent there');
}

/** Whether a host is this machine. */
export function isLoopback(host: string): boolean {
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/**
 * Reads `512m`, `2g`, `2GB`, `1.5 GiB`, or a number of bytes.
 *
 * @returns whole bytes
 * @throws ConfigError
 */
export function parseSize(text: string): number {
  const [, count, unit = ''] = /^(\d+(?:\.\d+)?)\s*([bkmg]?)(?:i?b)?$/i.exec(text) ?? [];
  const bytes = Math.round(Number(count ?? Number.NaN) * (UNITS[unit.toLowerCase()] ?? Number.NaN));
  if (Number.isSafeInteger(bytes) && bytes > 0) return bytes;
  throw new ConfigError('is not a size: write a number with a unit, like 512m or 2g');
}
