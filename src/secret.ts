/** What is shown in a secret's place. */
export const CONCEALED = '[secret]';

/**
 * A value that cannot leak by accident: printing, logging, interpolating or serialising it
 * gives `[secret]`. Only {@link Secret.reveal} returns the value, so a search for that word
 * lists every place where a secret leaves this type.
 */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself. Hand it to the request that needs it and to nothing else. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return CONCEALED;
  }

  toJSON(): string {
    return CONCEALED;
  }
}

/** User and password of a URL, as errors show them; what is taken out already says so. */
const USER_INFO = /(?<=:\/\/)(?!\[secret\]@)[^\s/]*@/g;

/**
 * The text without what stands before the hosts of its URLs. Node 22 names the password of a proxy
 * in full when it makes no tunnel.
 */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(USER_INFO, '');
}
