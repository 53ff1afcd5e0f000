import { randomUUID } from 'node:crypto';
import { errorAnswer, jsonAnswer, type Answer, type RegistryRequest } from './exchange.ts';

export type AuthOptions =
  | { readonly kind: 'basic'; readonly users: Readonly<Record<string, string>> }
  | {
      readonly kind: 'bearer';
      readonly users: Readonly<Record<string, string>>;
      /** Whether a token to pull is given to anybody; no by default. */
      readonly anonymousPull?: boolean;
      /** Seconds a token lives; 300 by default. */
      readonly expiresIn?: number;
    };

/** What a request needs: `pull`, or `pull,push` of a repository. */
export interface Scope {
  readonly name: string;
  readonly actions: readonly ('pull' | 'push' | 'delete')[];
}

/** Decides who may do what. */
export interface Gate {
  /** The refusal, or `undefined` if the request may pass. */
  check(request: RegistryRequest, scopes: readonly Scope[]): Answer | undefined;
  /** Answers the token endpoint. */
  token(request: RegistryRequest): Answer;
  /** Makes every token given so far worthless. */
  revoke(): void;
}

export const TOKEN_PATH = '/token';

export function createGate(auth: AuthOptions | undefined, origin: () => string): Gate {
  if (auth === undefined) return { check: () => undefined, token: notFound, revoke: () => {} };
  return auth.kind === 'basic' ? basicGate(auth.users) : bearerGate(auth, origin);
}

function basicGate(users: Readonly<Record<string, string>>): Gate {
  return {
    check: (request) =>
      userOf(request, users) === undefined
        ? refusal('Basic realm="test registry"', 'authentication required')
        : undefined,
    token: notFound,
    revoke: () => {},
  };
}

function bearerGate(auth: Extract<AuthOptions, { kind: 'bearer' }>, origin: () => string): Gate {
  const tokens = new Map<string, { readonly granted: Set<string>; readonly expires: number }>();
  const lifetime = auth.expiresIn ?? 300;
  return {
    check(request, scopes) {
      const held = tokens.get(
        /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? '',
      );
      const needed = scopes.flatMap(({ name, actions }) => actions.map((one) => `${name}:${one}`));
      if (held !== undefined && held.expires > Date.now()) {
        if (needed.every((one) => held.granted.has(one))) return undefined;
      }
      const scope = scopes
        .map((one) => `repository:${one.name}:${one.actions.join(',')}`)
        .join(' ');
      return refusal(
        `Bearer realm="${origin()}${TOKEN_PATH}",service="test registry"` +
          (scope === '' ? '' : `,scope="${scope}"`),
        'authentication required',
      );
    },
    token(request) {
      const user = userOf(request, auth.users);
      if (
        user === undefined &&
        (request.headers.authorization !== undefined || !auth.anonymousPull)
      ) {
        return errorAnswer(401, 'UNAUTHORIZED', 'incorrect username or password');
      }
      const granted = new Set(
        request.query
          .getAll('scope')
          .flatMap((scope) => scope.split(' '))
          .flatMap((scope) => {
            const [, name, actions = ''] = /^repository:(.+):([a-z,]+)$/.exec(scope) ?? [];
            return actions.split(',').map((action) => `${name}:${action}`);
          })
          .filter((grant) => user !== undefined || grant.endsWith(':pull')),
      );
      const token = randomUUID();
      tokens.set(token, { granted, expires: Date.now() + lifetime * 1000 });
      return jsonAnswer(200, { token, expires_in: lifetime, issued_at: new Date().toISOString() });
    },
    revoke: () => {
      tokens.clear();
    },
  };
}

function userOf(
  request: RegistryRequest,
  users: Readonly<Record<string, string>>,
): string | undefined {
  const encoded = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return undefined;
  const pair = Buffer.from(encoded, 'base64').toString('utf8');
  const user = pair.slice(0, pair.indexOf(':'));
  return Object.hasOwn(users, user) && users[user] === pair.slice(user.length + 1)
    ? user
    : undefined;
}

function refusal(challenge: string, message: string): Answer {
  return errorAnswer(401, 'UNAUTHORIZED', message, { 'www-authenticate': challenge });
}

function notFound(): Answer {
  return errorAnswer(404, 'NOT_FOUND', 'no such path');
}
