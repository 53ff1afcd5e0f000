import { lookup as systemLookup, type LookupAddress } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** A registry's answer led to an address inside the operator's network. */
export class ForbiddenAddressError extends Error {
  override readonly name = 'ForbiddenAddressError';
}

/**
 * Addresses that no answer of a registry may lead to: they are not reachable by the registry's
 * other clients, so following there would only lend out our place in the network.
 * IANA's special-purpose registries (RFC 6890), with multicast.
 */
const FORBIDDEN = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8], // this network
  ['10.0.0.0', 8], // private
  ['100.64.0.0', 10], // carrier-grade NAT; also cloud metadata (100.100.100.200)
  ['127.0.0.0', 8], // loopback
  ['169.254.0.0', 16], // link-local; cloud metadata (169.254.169.254)
  ['172.16.0.0', 12], // private
  ['192.0.0.0', 24], // protocol assignments; cloud metadata (192.0.0.192)
  ['192.0.2.0', 24], // documentation
  ['192.88.99.0', 24], // 6to4 relays, retired
  ['192.168.0.0', 16], // private
  ['198.18.0.0', 15], // benchmarking
  ['198.51.100.0', 24], // documentation
  ['203.0.113.0', 24], // documentation
  ['224.0.0.0', 4], // multicast
  ['240.0.0.0', 4], // reserved, broadcast
] as const) {
  FORBIDDEN.addSubnet(network, prefix, 'ipv4');
}

/** Global unicast; everything outside it is loopback, link-local, unique-local, multicast, mapped. */
const IPV6_GLOBAL = new BlockList();
IPV6_GLOBAL.addSubnet('2000::', 3, 'ipv6');

const IPV6_FORBIDDEN = new BlockList();
for (const [network, prefix] of [
  ['2001::', 23], // protocol assignments, Teredo
  ['2001:db8::', 32], // documentation
  ['2002::', 16], // 6to4: carries any IPv4 address
  ['3fff::', 20], // documentation
] as const) {
  IPV6_FORBIDDEN.addSubnet(network, prefix, 'ipv6');
}

// DNS64 gives every IPv4 host such an address in IPv6-only networks (RFC 6052).
const NAT64_PREFIX = '64:ff9b::';

/** Whether an IP address is one that only the inside of a network reaches. */
export function isForbiddenAddress(address: string): boolean {
  const [bare = ''] = address.split('%');
  const family = isIP(bare);
  if (family === 4) return FORBIDDEN.check(bare, 'ipv4');
  if (family !== 6) return true;
  const embedded = embeddedIpv4(bare);
  if (embedded !== undefined) return FORBIDDEN.check(embedded, 'ipv4');
  return !IPV6_GLOBAL.check(bare, 'ipv6') || IPV6_FORBIDDEN.check(bare, 'ipv6');
}

function embeddedIpv4(address: string): string | undefined {
  // The URL parser knows every way to write an IPv6 address and gives the one canonical text.
  const canonical = URL.parse(`http://[${address}]/`)?.hostname.slice(1, -1) ?? '';
  if (!canonical.startsWith(NAT64_PREFIX)) return undefined;
  const groups = canonical.slice(NAT64_PREFIX.length).split(':');
  if (groups.length > 2) return undefined;
  const bits = Number.parseInt(groups.map((group) => group.padStart(4, '0')).join(''), 16);
  return [24, 16, 8, 0].map((shift) => (bits >>> shift) & 0xff).join('.');
}

/** Refuses a URL whose host is written as a forbidden address; names are checked by the lookup. */
export function assertAllowedLiteral(url: URL): void {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(host) !== 0 && isForbiddenAddress(host)) refuse(url.host, host);
}

/**
 * A `lookup` for connections that a registry's answer led to. It judges the very addresses the
 * connection will use, so a name that changes its address in between (DNS rebinding) gains nothing.
 */
export function guardedLookup(host: string, lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    const fail = (error: NodeJS.ErrnoException): void => {
      callback(error, options.all === true ? [] : '');
    };
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        fail(error);
        return;
      }
      const addresses = toAddresses(found);
      const bad = addresses.find(({ address }) => isForbiddenAddress(address));
      const [first] = addresses;
      if (bad !== undefined) fail(forbidden(host, bad.address));
      else if (first === undefined) fail(nothingFound(hostname));
      else if (options.all === true) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    });
  };
}

function nothingFound(hostname: string): NodeJS.ErrnoException {
  return Object.assign(new Error(`${hostname} has no address`), { code: 'ENOTFOUND' });
}

function toAddresses(
  found: string | readonly LookupAddress[] | undefined,
): readonly LookupAddress[] {
  if (found === undefined || found === '') return [];
  return typeof found === 'string' ? [{ address: found, family: isIP(found) }] : found;
}

function forbidden(host: string, address: string): ForbiddenAddressError {
  return new ForbiddenAddressError(
    `the registry's answer leads to ${host}, whose address ${address} is not a public one; ` +
      `if that is intended, name the host in the configuration: registries: { "${host}": {} }`,
  );
}

function refuse(host: string, address: string): never {
  throw forbidden(host, address);
}
