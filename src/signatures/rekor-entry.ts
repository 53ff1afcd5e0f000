import type { TransparencyLogEntry } from '@sigstore/bundle';
import { isJsonObject, objectAt, parseJsonObject, decodeBase64, type JsonObject } from './json.ts';
import { parsePem } from './pem.ts';
import { invalid, shown } from './reject.ts';

/**
 * Checks that a log entry was made with the signer's certificate or key. @sigstore/verify compares
 * signature and digest only, so that an entry which names another signer would pass as proof that
 * this one's signature was published.
 *
 * @param signer - DER of the signer's certificate, or of the key's SubjectPublicKeyInfo
 * @throws SignatureError
 */
export function assertLoggedBy(entry: TransparencyLogEntry, signer: Buffer): void {
  const body = parseJsonObject(entry.canonicalizedBody, 'the log entry');
  const { kind, version } = entry.kindVersion;
  const logged = verifierOf(`${kind} ${version}`, objectAt(body, 'spec'));
  if (!logged.equals(signer)) {
    throw invalid("the log entry was made with another certificate or key than the signature's");
  }
}

function verifierOf(kind: string, spec: JsonObject): Buffer {
  switch (kind) {
    case 'hashedrekord 0.0.1':
      return fromPem(objectAt(objectAt(spec, 'signature'), 'publicKey')['content']);
    case 'dsse 0.0.1':
      return fromPem(onlyOf(spec['signatures'])['verifier']);
    case 'intoto 0.0.2':
      return fromPem(
        onlyOf(objectAt(objectAt(spec, 'content'), 'envelope')['signatures'])['publicKey'],
      );
    case 'hashedrekord 0.0.2':
      return fromVerifier(objectAt(objectAt(spec, 'hashedRekordV002'), 'signature'));
    case 'dsse 0.0.2':
      return fromVerifier(onlyOf(objectAt(spec, 'dsseV002')['signatures']));
    default:
      throw invalid(
        `the log entry is of kind ${shown(kind)}, which cannot be verified; sign the image again with a current Cosign`,
      );
  }
}

function fromPem(content: unknown): Buffer {
  const pem = decodeBase64(content, "the log entry's signer").toString('latin1');
  return parsePem(pem, "the log entry's signer").der;
}

function fromVerifier(signature: JsonObject): Buffer {
  const verifier = objectAt(signature, 'verifier');
  const holder = Object.hasOwn(verifier, 'x509Certificate') ? 'x509Certificate' : 'publicKey';
  return decodeBase64(objectAt(verifier, holder)['rawBytes'], "the log entry's signer");
}

/** The library accepts no entry of several signatures, and is asked first. */
function onlyOf(signatures: unknown): JsonObject {
  const [only] = Array.isArray(signatures) ? signatures : [];
  if (!isJsonObject(only)) throw invalid('the log entry holds no signature');
  return only;
}
