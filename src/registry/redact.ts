/** User and password of a URL, as errors show them. */
const USER_INFO = /(?<=:\/\/)[^\s/]*@/g;

/** The text without what stands before the hosts of its URLs. */
export function withoutUserInfo(text: string): string {
  return text.replaceAll(USER_INFO, '');
}

/**
 * An error that can be shown: itself, or its likeness without the password of a proxy, which Node
 * 22 names in full when it makes no tunnel.
 */
export function showable(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const message = withoutUserInfo(error.message);
  if (message === error.message) return error;
  const { code } = error as NodeJS.ErrnoException;
  return Object.assign(new Error(message), code === undefined ? {} : { code });
}
