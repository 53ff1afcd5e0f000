import { randomBytes } from 'node:crypto';

export interface TokenDoorUser {
  readonly username: string;
  readonly password: string;
}

/** Lets into a registry only who has a token of its own service, and forgets tokens when told to. */
export class TokenDoor {
  /** Every token there ever was. */
  readonly issued: string[] = [];
  readonly #valid = new Set<string>();
  readonly #user: TokenDoorUser;

  constructor(user: TokenDoorUser) {
    this.#user = user;
  }

  /** The answer of the token service. */
  issue(authorization: string | undefined): { readonly status: number; readonly body: string } {
    const { username, password } = this.#user;
    const basic = Buffer.from(`${username}:${password}`).toString('base64');
    if (authorization !== `Basic ${basic}`) {
      return { status: 401, body: JSON.stringify({ details: 'incorrect username or password' }) };
    }
    const token = `secret-token-${randomBytes(12).toString('hex')}`;
    this.issued.push(token);
    this.#valid.add(token);
    return { status: 200, body: JSON.stringify({ token, expires_in: 300 }) };
  }

  admits(authorization: string | undefined): boolean {
    return authorization?.startsWith('Bearer ') === true && this.#valid.has(authorization.slice(7));
  }

  expireAll(): void {
    this.#valid.clear();
  }
}
