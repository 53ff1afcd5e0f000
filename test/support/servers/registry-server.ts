/** A real registry running on loopback. */
export interface RegistryServer {
  /** What stands before the first slash of a reference: `127.0.0.1:41234`. */
  readonly host: string;
  /** `http://127.0.0.1:41234`. */
  readonly url: string;
  /** PEM file of the certificate to trust, when it serves TLS. */
  readonly ca: string | undefined;
  /** Where it keeps what it holds. */
  readonly storage: string;
  /** Everything it has printed so far. */
  readonly log: () => Promise<string>;
  /** Ends it and removes its files. */
  readonly stop: () => Promise<void>;
}

export interface RegistryServerOptions {
  /** Serve https with a certificate made for the occasion. */
  readonly tls?: boolean;
}
