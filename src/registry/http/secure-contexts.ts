import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { ConfigError, errorMessage } from '../../errors.ts';
import type { HostSettings } from '../hosts.ts';

/**
 * What a connection to a host with authorities or a certificate of its own is made with. Parsing the
 * authorities costs some 40 ms and 2 MB: once for all hosts with the same ones, not for each connection.
 */
export class SecureContexts {
  readonly #known: { readonly settings: HostSettings; readonly context: SecureContext }[] = [];

  /** @returns `undefined` for a host with neither, which gets what Node has for all */
  for(host: string, settings: HostSettings = {}): SecureContext | undefined {
    const { ca, cert, key } = settings;
    if (ca === undefined && cert === undefined) return undefined;
    const known = this.#known.find(
      ({ settings: other }) =>
        other.ca === ca && other.cert === cert && other.key?.reveal() === key?.reveal(),
    );
    if (known !== undefined) return known.context;
    const context = create(host, settings);
    this.#known.push({ settings, context });
    return context;
  }
}

function create(host: string, { ca, cert, key }: HostSettings): SecureContext {
  try {
    return createSecureContext({
      ...(ca === undefined ? {} : { ca: [...getCACertificates('default'), ca] }),
      ...(cert === undefined ? {} : { cert }),
      ...(key === undefined ? {} : { key: key.reveal() }),
    });
  } catch (error) {
    throw new ConfigError(
      `registries: ${host}: ca, cert or key is not usable PEM: ${errorMessage(error)}`,
      error,
    );
  }
}
