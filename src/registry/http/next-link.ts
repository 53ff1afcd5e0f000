// RFC 8288, section 3.
const TARGET = /[\s,]*<([^>]*)>/y;
const PARAMETER = /\s*;\s*([\w!#$%&'*+.^`|~-]+)(?:\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;,"]*)))?/sy;

/**
 * Where a `Link` header says that the next page is: `</v2/…?last=x>; rel="next"`. What cannot be understood
 * ends the reading; it takes time in proportion to its length, whatever is in it.
 *
 * @returns the target as it is written; `undefined` if there is none
 */
export function nextLink(header: string): string | undefined {
  let at = 0;
  const take = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(header);
    if (found !== null) at = pattern.lastIndex;
    return found;
  };
  for (let link = take(TARGET); link !== null; link = take(TARGET)) {
    let relation: string | undefined;
    for (let found = take(PARAMETER); found !== null; found = take(PARAMETER)) {
      const [, name = '', quoted, plain = ''] = found;
      // The first one counts.
      if (name.toLowerCase() === 'rel') relation ??= quoted ?? plain;
    }
    if (relation?.toLowerCase().split(/\s+/).includes('next') === true) return link[1];
  }
  return undefined;
}
