import * as v from 'valibot';
import { VENDOR_POLICY } from '../signatures/policy.ts';
import { parseDuration } from './duration.ts';
import { about, list, oneOf, text, withDefault, type Schema } from './fields.ts';
import { policyEntries, type PolicySettings } from './policy.ts';
import { matchInfo } from './match.ts';
import { checkGlob, checkUrl } from './texts.ts';

export interface TufSettings {
  readonly url: string;
  readonly rootFile: string;
}

/** Whose signatures count, and what is done about an image without one. */
export interface SignersSettings extends PolicySettings {
  readonly mode: 'enforce' | 'warn' | 'off';
  readonly trustRoot: string | TufSettings;
  readonly overrides: readonly (PolicySettings & { readonly match: string })[];
}

export interface VerifySettings extends SignersSettings {
  readonly grace: string;
}

const UNREACHABLE = 'asks for more signers than identities and keys name';

const NOBODY =
  'accepts nobody: list whose signatures are accepted under identities or keys, or leave out both for the vendor';

function acceptsSomebody({ identities, keys }: PolicySettings): boolean {
  const isDefault = identities === undefined && keys === undefined;
  return isDefault || (identities ?? []).length + (keys ?? []).length > 0;
}

/** Whether as many signers are named as must have signed; a pattern may name any number. */
function isReachable(policy: PolicySettings, named: number): boolean {
  const { identities, keys, require: wanted } = policy;
  if (wanted === undefined) return true;
  const counts = Array.isArray(wanted) ? wanted.map(({ signatures }) => signatures) : [wanted];
  const isOpen = identities?.some(
    ({ subjectPattern, issuerPattern }) => (subjectPattern ?? issuerPattern) !== undefined,
  );
  const isDefault = identities === undefined && keys === undefined;
  const most = isDefault ? named : (identities ?? []).length + (keys ?? []).length;
  return isOpen === true || counts.every((count) => typeof count !== 'number' || count <= most);
}

const override = about(
  v.pipe(
    v.strictObject({ match: text(matchInfo, checkGlob), ...policyEntries }),
    v.partialCheck(
      [['identities'], ['keys'], ['require']],
      ({ identities, keys, require }) => (identities ?? keys ?? require) !== undefined,
      'overrides nothing: give identities, keys or require',
    ),
    v.partialCheck([['identities'], ['keys']], acceptsSomebody, NOBODY),
    v.forward(
      v.partialCheck(
        [['identities'], ['keys'], ['require']],
        // Without lists of its own those above count, which are not seen from here.
        (policy) => isReachable(policy, Infinity),
        UNREACHABLE,
      ),
      ['require'],
    ),
  ),
  { title: 'Override', description: 'Another policy for some images.' },
);

const tuf = v.strictObject({
  url: text(
    {
      title: 'URL',
      description: 'Where the TUF repository is.',
      examples: ['https://tuf.acme.com'],
    },
    checkUrl,
  ),
  rootFile: text({
    title: 'Root',
    description: "The repository's `root.json`, relative to the configuration file.",
    examples: ['root.json'],
    role: 'path',
  }),
});

const trustRoot: Schema<string | TufSettings> = about(
  v.union([
    text({
      title: 'Name or file',
      description: '`public`, or the path of a `trusted_root.json`.',
      role: 'path',
    }),
    about(tuf, { title: 'TUF repository', description: 'A TUF repository of your own.' }),
  ]),
  {
    title: 'Trust root',
    description:
      "`public` is Sigstore's public good. For a private Sigstore or an air gap: the path of a `trusted_root.json`, relative to the configuration file, or `url` and `rootFile` of a TUF repository.",
    examples: ['public', 'trusted_root.json'],
  },
);

const mode = withDefault(
  oneOf(['enforce', 'warn', 'off'], {
    title: 'Mode',
    description:
      '`enforce` mirrors only images with an acceptable signature, `warn` mirrors others too and says so, `off` does not look. Every run says when it is not `enforce`.',
  }),
  'enforce',
);

const grace = withDefault(
  text(
    {
      title: 'Grace',
      description:
        'Age of an image up to which a missing signature is reported as pending and does not fail the run: it may still be on its way. A number with unit: s, m, h or d.',
      examples: ['1h', '30m'],
    },
    parseDuration,
  ),
  '1h',
);

const signerEntries = {
  ...policyEntries,
  trustRoot: withDefault(trustRoot, 'public'),
  overrides: withDefault(
    list(override, {
      title: 'Overrides',
      description:
        'Other policies for images whose repository matches a pattern. `identities` and `keys` given here replace both lists, `require` replaces the requirements; what is left out stays.',
    }),
    [],
  ),
};

/** A section that accepts nobody is a slip, unless nothing is verified at all. */
function acceptingSomebody<Output extends SignersSettings>(
  section: Schema<Output>,
): Schema<Output> {
  return v.pipe(
    section as Schema<SignersSettings> as Schema<Signers>,
    v.partialCheck(
      [['mode'], ['identities'], ['keys']],
      ({ mode, identities, keys }: Signers) =>
        mode === 'off' ||
        acceptsSomebody({ ...(identities && { identities }), ...(keys && { keys }) }),
      NOBODY,
    ),
    v.forward(
      v.partialCheck(
        [['identities'], ['keys'], ['require']],
        (policy) => isReachable(policy, VENDOR_POLICY.identities.length),
        UNREACHABLE,
      ),
      ['require'],
    ),
  ) as Schema<unknown> as Schema<Output>;
}

// An interface has no index signature, which the library wants of what it checks in part.
type Signers = Pick<SignersSettings, keyof SignersSettings>;

export const verifySchema: Schema<VerifySettings> = about(
  acceptingSomebody<VerifySettings>(v.strictObject({ mode, grace, ...signerEntries })),
  { title: 'Verification', description: 'Whose signatures make an image acceptable.' },
);

/** For whoever runs images: a signature that is not there yet is missing. */
export const signersSchema: Schema<SignersSettings> = about(
  acceptingSomebody<SignersSettings>(
    v.strictObject({
      mode: withDefault(
        oneOf(['enforce', 'warn', 'off'], {
          title: 'Mode',
          description:
            '`enforce` runs only images with an acceptable signature, `warn` runs others too and says so, `off` does not look. Every command says when it is not `enforce`.',
        }),
        'enforce',
      ),
      ...signerEntries,
    }),
  ),
  { title: 'Verification', description: 'Whose signatures make an image acceptable.' },
);
