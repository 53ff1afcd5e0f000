import type { Secret } from '../secret.ts';

/** Where the map is, and how it is reached. What is absent comes from the cloud's own ambience. */
export type MapPlace = FilePlace | S3Place | AzureBlobPlace | GcsPlace;

export interface FilePlace {
  readonly kind: 'file';
  /** Absolute. */
  readonly path: string;
}

export interface S3Place extends S3Settings {
  readonly kind: 's3';
  readonly bucket: string;
  readonly key: string;
}

export interface AzureBlobPlace extends AzureBlobSettings {
  readonly kind: 'azblob';
  readonly account: string;
  readonly container: string;
  readonly key: string;
}

export interface GcsPlace extends GcsSettings {
  readonly kind: 'gs';
  readonly bucket: string;
  readonly key: string;
}

/** What every object store can be told. */
interface ObjectSettings {
  /** Kept with the object: tags in S3 and Azure, metadata in Google Cloud Storage. */
  readonly tags?: Readonly<Record<string, string>>;
  /** Default `application/yaml`. */
  readonly contentType?: string;
}

export interface S3Settings extends ObjectSettings {
  /** PEM of the authorities to trust besides the usual ones. */
  readonly ca?: string;
  readonly region?: string;
  /** Base URL of a store other than Amazon's. */
  readonly endpoint?: string;
  /** `https://host/bucket/key` rather than `https://bucket.host/key`. */
  readonly pathStyle?: boolean;
  readonly credentials?: {
    readonly accessKeyId: string;
    readonly secretAccessKey: Secret;
    readonly sessionToken?: Secret;
  };
  readonly assumeRole?: { readonly arn: string; readonly sessionName?: string };
  readonly storageClass?: string;
  readonly encryption?: {
    /** `AES256`, `aws:kms`, `aws:kms:dsse`. */
    readonly algorithm: string;
    readonly kmsKeyId?: string;
  };
  /** Accepts any certificate. */
  readonly insecureTls?: boolean;
  readonly concurrency?: S3Concurrency;
}

/**
 * How writers keep out of each other's way. `conditional`: by conditional writes, refused where the
 * store ignores them. `versions`: by the order of versions in a versioned bucket. `single-writer`:
 * not at all, on the operator's word that nobody else writes.
 */
export type S3Concurrency = 'conditional' | 'versions' | 'single-writer';

export interface AzureBlobSettings extends ObjectSettings {
  /** PEM of the authorities to trust besides the usual ones. */
  readonly ca?: string;
  /** Base URL of the account's blob service. */
  readonly endpoint?: string;
  readonly credentials?:
    | { readonly kind: 'accountKey'; readonly accountKey: Secret }
    | { readonly kind: 'sas'; readonly token: Secret }
    | { readonly kind: 'connectionString'; readonly connectionString: Secret }
    | {
        readonly kind: 'clientSecret';
        readonly tenantId: string;
        readonly clientId: string;
        readonly clientSecret: Secret;
      }
    | {
        /** One of several identities the machine or workload has. */
        readonly kind: 'identity';
        readonly clientId: string;
      };
  readonly encryptionScope?: string;
}

export interface GcsSettings extends ObjectSettings {
  readonly projectId?: string;
  /** Base URL of an emulator or a private endpoint. */
  readonly endpoint?: string;
  readonly credentials?:
    | {
        readonly kind: 'serviceAccount';
        readonly clientEmail: string;
        readonly privateKey: Secret;
      }
    | {
        /** For emulators: no token is sent. */
        readonly kind: 'anonymous';
      };
  readonly kmsKeyName?: string;
}
