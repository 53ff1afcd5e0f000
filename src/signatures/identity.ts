import { BoundedPattern } from './bounded-pattern.ts';
import { FULCIO_EXTENSIONS } from './fulcio.ts';
import type { IdentityPolicy } from './policy.ts';
import { shown } from './reject.ts';

/** What a certificate says of its signer. */
export interface Identity {
  readonly subject: string;
  readonly issuer: string;
  readonly extensions: Readonly<Record<string, string>>;
}

/** An accepted identity, ready for use. */
export interface TrustedIdentity {
  readonly policy: IdentityPolicy;
  /** What of an identity differs from this one, in words; empty if it is accepted. */
  differences(identity: Identity): readonly string[];
}

/** What of a text differs from what is wanted, in words; `undefined` if nothing does. */
type Compare = (text: string) => string | undefined;

/** Prepares an identity without problems; see {@link identityProblems}. */
export function trustIdentity(policy: IdentityPolicy): TrustedIdentity {
  const subject = comparison('subject', policy.subject, policy.subjectPattern);
  const issuer = comparison('issuer', policy.issuer, policy.issuerPattern);
  const extensions = Object.entries(policy.extensions ?? {});
  return {
    policy,
    differences: (identity) =>
      [
        subject(identity.subject),
        issuer(identity.issuer),
        ...extensions
          .filter(([name, wanted]) => extension(identity, name) !== wanted)
          .map(([name]) => `${name} is ${describe(extension(identity, name))}`),
      ].filter((difference) => difference !== undefined),
  };
}

/** What is wrong with a configured identity, by the setting it concerns. */
export function identityProblems(
  policy: IdentityPolicy,
): readonly { readonly setting: string; readonly message: string }[] {
  return [
    ...wantedProblems('subject', policy.subject, policy.subjectPattern),
    ...wantedProblems('issuer', policy.issuer, policy.issuerPattern),
    ...Object.keys(policy.extensions ?? {})
      .filter((name) => !FULCIO_EXTENSIONS.includes(name))
      .map((name) => ({
        setting: `extensions.${name}`,
        message: `no such certificate extension; known are ${FULCIO_EXTENSIONS.join(', ')}`,
      })),
  ];
}

/** An accepted identity in words, for messages. */
export function describeIdentity(policy: IdentityPolicy): string {
  const subject = policy.subject ?? `subjects matching ${policy.subjectPattern ?? ''}`;
  const issuer = policy.issuer ?? `issuers matching ${policy.issuerPattern ?? ''}`;
  const extensions = Object.entries(policy.extensions ?? {}).map(
    ([name, value]) => `, ${name} ${value}`,
  );
  return `${subject} (issuer ${issuer}${extensions.join('')})`;
}

function wantedProblems(
  name: 'subject' | 'issuer',
  exact: string | undefined,
  pattern: string | undefined,
): readonly { readonly setting: string; readonly message: string }[] {
  if ((exact ?? '') === '' && (pattern ?? '') === '') {
    return [
      {
        setting: name,
        message: `say whose signature is accepted: "${name}" exactly, or "${name}Pattern" as a regular expression`,
      },
    ];
  }
  if (exact !== undefined && pattern !== undefined) {
    return [{ setting: name, message: `give either "${name}" or "${name}Pattern"` }];
  }
  if (pattern === undefined) return [];
  try {
    // Compiled as written: one that is valid only between our anchors would escape them.
    RegExp(pattern, 'u');
    return [];
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return [{ setting: `${name}Pattern`, message: `not a regular expression: ${reason}` }];
  }
}

/** Exact unless written as a pattern, and a pattern matches the whole text. */
function comparison(
  name: 'subject' | 'issuer',
  exact: string | undefined,
  pattern: string | undefined,
): Compare {
  const other = (text: string): string => `the ${name} is ${shown(text)}`;
  if (pattern === undefined) return (text) => (text === exact ? undefined : other(text));
  const bounded = new BoundedPattern(pattern);
  return (text) => {
    const match = bounded.match(text);
    if (match === 'yes') return undefined;
    return match === 'no'
      ? other(text)
      : `${other(text)}, which ${name}Pattern was not done with in time: write it without repetitions inside repetitions`;
  };
}

function extension(identity: Identity, name: string): string | undefined {
  return Object.hasOwn(identity.extensions, name) ? identity.extensions[name] : undefined;
}

function describe(value: string | undefined): string {
  return value === undefined ? 'absent' : shown(value);
}
