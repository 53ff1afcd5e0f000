import { type Document, isScalar, type ParsedNode, visit } from 'yaml';

/**
 * Finds the keys that stand twice in one mapping, by a set for each. The parser would compare every
 * key with all before it, which takes minutes for a map of fifty thousand lines.
 *
 * @param found - called with the second of two
 */
export function findDuplicateKeys(
  document: Document.Parsed,
  found: (key: ParsedNode) => void,
): void {
  visit(document, {
    Map(_, map) {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found(key as ParsedNode);
        seen.add(key.value);
      }
    },
  });
}
