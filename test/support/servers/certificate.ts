import { join } from 'node:path';
import { execa } from 'execa';
import { binary } from './binaries.ts';

/** A self-signed certificate for loopback; it is its own authority. */
export interface Certificate {
  /** PEM file to serve, and to trust. */
  readonly certificate: string;
  readonly key: string;
}

/** Makes a certificate for 127.0.0.1, localhost and `hosts`, good for a day, into `folder`. */
export async function makeCertificate(
  folder: string,
  hosts: readonly string[] = [],
): Promise<Certificate> {
  const certificate = join(folder, 'server.pem');
  const key = join(folder, 'server.key');
  const options = 'req -x509 -nodes -days 1 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1';
  const alternatives = ['DNS:localhost', 'IP:127.0.0.1', ...hosts.map((host) => `DNS:${host}`)];
  const names = ['-subj', '/CN=localhost', '-addext', `subjectAltName=${alternatives.join()}`];
  const files = ['-keyout', key, '-out', certificate];
  await execa(binary('openssl'), [...options.split(' '), ...names, ...files]);
  return { certificate, key };
}

/** A certificate that an authority has issued, as in a company: some clients take no other. */
export interface IssuedCertificate extends Certificate {
  /** PEM file to trust. */
  readonly authority: string;
}

/** Makes an authority, and by it a certificate for 127.0.0.1 and `hosts`, good for a day, into `folder`. */
export async function makeIssuedCertificate(
  folder: string,
  hosts: readonly string[] = [],
): Promise<IssuedCertificate> {
  const { certificate: authority, key: authorityKey } = await makeCertificate(folder);
  const certificate = join(folder, 'issued.pem');
  const key = join(folder, 'issued.key');
  const options = 'req -x509 -nodes -days 1 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1';
  const alternatives = ['IP:127.0.0.1', ...hosts.map((host) => `DNS:${host}`)];
  const names = ['-subj', '/CN=server', '-addext', `subjectAltName=${alternatives.join()}`];
  const issuer = ['-CA', authority, '-CAkey', authorityKey];
  const leaf = ['-addext', 'basicConstraints=critical,CA:FALSE'];
  const files = ['-keyout', key, '-out', certificate];
  await execa(binary('openssl'), [...options.split(' '), ...names, ...issuer, ...leaf, ...files]);
  return { certificate, key, authority };
}
