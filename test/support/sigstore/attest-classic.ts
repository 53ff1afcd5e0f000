import type { Digest } from '../../../src/registry/reference.ts';
import type { PrivateSigstore } from './private-sigstore.ts';
import {
  classicEntry,
  dsseV1,
  envelopeOf,
  materialOf,
  type BundleOptions,
  type SignatureLayer,
  type TestSigner,
} from './sign.ts';
import { sha256, type LogBody } from './transparency-log.ts';

export interface ClassicAttestationOptions extends Omit<BundleOptions, 'log'> {
  /** How Rekor keeps it: `intoto` is what Cosign wrote before 2.2. */
  readonly log?: 'dsse' | 'intoto' | 'none';
}

/** Attests as Cosign 1 and 2 do: the envelope is the layer, the proof of it in the annotations. */
export async function attestClassic(
  sigstore: PrivateSigstore,
  digest: Digest,
  signer: TestSigner,
  options: ClassicAttestationOptions,
): Promise<SignatureLayer> {
  const { keys, verifier, certificate } = await materialOf(sigstore, signer);
  const { log = 'dsse', ...stated } = options;
  const { envelope, payload, signature } = envelopeOf(digest, keys, stated);
  const named = options.loggedSigner ?? verifier;
  const annotations: Record<string, string> = {
    'dev.cosignproject.cosign/signature': '',
    predicateType: options.predicateType ?? '',
  };
  if (certificate !== undefined) annotations['dev.sigstore.cosign/certificate'] = verifier;
  if (log !== 'none') {
    const body =
      log === 'dsse'
        ? dsseV1(envelope, payload, named)
        : intotoV2(envelope, payload, signature, named);
    const entry = await sigstore.rekorV1.log(body, options.loggedAt ?? sigstore.now());
    annotations['dev.sigstore.cosign/bundle'] = JSON.stringify(classicEntry(entry));
  }
  return {
    mediaType: 'application/vnd.dsse.envelope.v1+json',
    bytes: Buffer.from(JSON.stringify(envelope)),
    annotations,
  };
}

function intotoV2(
  envelope: { readonly payloadType: string },
  payload: Buffer,
  signature: Buffer,
  verifier: string,
): LogBody {
  return {
    apiVersion: '0.0.2',
    kind: 'intoto',
    spec: {
      content: {
        envelope: {
          payloadType: envelope.payloadType,
          signatures: [
            {
              publicKey: Buffer.from(verifier).toString('base64'),
              // Encoded twice, as Rekor does.
              sig: Buffer.from(signature.toString('base64')).toString('base64'),
            },
          ],
        },
        hash: {
          algorithm: 'sha256',
          value: sha256(Buffer.from(JSON.stringify(envelope))).toString('hex'),
        },
        payloadHash: { algorithm: 'sha256', value: sha256(payload).toString('hex') },
      },
    },
  };
}
