/**
 * Where an answer says to go on. It may be relative, may carry a query that is the session's
 * state, and may name the registry wrongly: behind a proxy it often believes to speak http, or to
 * listen on the default port (Distribution 2).
 *
 * @param from - the URL that answered
 * @param home - the registry's base URL
 * @returns `undefined` for what is no URL
 */
export function resolveLocation(location: string, from: URL, home: URL): URL | undefined {
  const url = URL.parse(location, from.href);
  if (url === null) return undefined;
  const isMisnamed = url.hostname === home.hostname && url.port === '';
  return isMisnamed ? new URL(`${url.pathname}${url.search}`, home) : url;
}

/** The same URL with a parameter added; what is there already is not encoded anew. */
export function withParameter(url: URL, name: string, value: string): URL {
  const added = new URL(url);
  added.search = `${url.search}${url.search === '' ? '?' : '&'}${name}=${value}`;
  return added;
}
