import { errorMessage } from '../errors.ts';
import { escapeUnprintable } from '../quote.ts';
import { CutOffError } from './http/body.ts';
import { StalledError } from './http/stall.ts';

const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED:
    'nothing listens at that address; check the host and port, and that the registry runs',
  ECONNRESET: 'the connection was cut',
  EPIPE: 'the connection was cut',
  ETIMEDOUT: 'the connection timed out; check the network, a firewall, or HTTPS_PROXY',
  EHOSTUNREACH: 'there is no route to it; check the network, a firewall, or HTTPS_PROXY',
  ENETUNREACH: 'there is no route to it; check the network, a firewall, or HTTPS_PROXY',
  ENOTFOUND: 'its name does not resolve; check its spelling and DNS',
  EAI_AGAIN: 'its name could not be resolved just now; check DNS',
  CERT_HAS_EXPIRED: 'its TLS certificate has expired; renew it',
  CERT_NOT_YET_VALID: "its TLS certificate is not valid yet; check this machine's clock",
  ERR_TLS_CERT_ALTNAME_INVALID: 'its TLS certificate is for another name; check the host',
  DEPTH_ZERO_SELF_SIGNED_CERT:
    'its TLS certificate is signed by itself; give it as ca: for this host under registries:',
  ERR_PROXY_TUNNEL:
    'the proxy does not let it through; check the proxy of HTTPS_PROXY or of this host under registries:, or name the host in NO_PROXY',
  EPROTO:
    'it does not speak TLS; if it speaks plain http, set plainHttp: true for this host under registries:',
  ERR_SSL_WRONG_VERSION_NUMBER:
    'it does not speak TLS; if it speaks plain http, set plainHttp: true for this host under registries:',
  ERR_SSL_PACKET_LENGTH_TOO_LONG:
    'it does not speak TLS; if it speaks plain http, set plainHttp: true for this host under registries:',
};

const UNKNOWN_AUTHORITY =
  'its TLS certificate comes from an authority unknown here; give that authority as ca: for this host under registries:';
const UNKNOWN_AUTHORITY_CODES: ReadonlySet<string> = new Set([
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/**
 * Why a connection failed and what to do about it.
 *
 * @returns `undefined` for an error that is none of the network
 */
export function networkReason(error: unknown): string | undefined {
  if (error instanceof StalledError) return `${error.message}; run again, or check the network`;
  if (error instanceof CutOffError) return error.message;
  const code = (error as NodeJS.ErrnoException | undefined)?.code;
  if (code === undefined || isProgrammingCode(code)) return undefined;
  const reason = UNKNOWN_AUTHORITY_CODES.has(code) ? UNKNOWN_AUTHORITY : REASONS[code];
  if (reason !== undefined) return `${reason} (${code})`;
  return code.startsWith('HPE_')
    ? `it does not speak HTTP/1.1 there; check the port and plainHttp (${code})`
    : `${escapeUnprintable(errorMessage(error))} (${code})`;
}

/** Node's own codes say that it was called wrongly, but for a few that come from the peer. */
function isProgrammingCode(code: string): boolean {
  return code.startsWith('ERR_') && !/^ERR_(?:TLS|SSL|PROXY)_/.test(code);
}
