import type { SettingPath } from './path.ts';
import type { Role } from './fields.ts';
import { entryOf, innerOf, optionFor, unwrap, type Shape } from './shape.ts';
import { didYouMean } from './suggest.ts';
import { typeName } from './type-name.ts';

/** One problem, not yet bound to a place. */
export interface Problem {
  readonly path: SettingPath;
  readonly message: string;
  /** Whether the key is meant, not its value. */
  readonly atKey?: boolean;
}

export interface ConformOptions {
  /** Texts from the environment or the command line, which know no numbers and booleans. */
  readonly isLoose: (path: SettingPath) => boolean;
  /**
   * Replaces a text that stands for something else.
   *
   * @throws MirrorError saying why it cannot, in words that go on from the text
   */
  readonly resolve: (role: Role, text: string, path: SettingPath) => Promise<string>;
}

export interface Conformed {
  readonly data: unknown;
  readonly problems: readonly Problem[];
  /** Keys of a loose mapping that nobody here reads. */
  readonly notes: readonly Problem[];
}

/**
 * Walks data and schema side by side. Finds what validation would not tell in full (every unknown
 * key, a list in place of a mapping, a secret given twice) and replaces texts that stand for files
 * by what they stand for, so that validation sees the real values.
 */
export async function conform(
  data: unknown,
  schema: Shape,
  options: ConformOptions,
): Promise<Conformed> {
  const problems: Problem[] = [];
  const notes: Problem[] = [];

  const visit = async (value: unknown, shape: Shape, path: SettingPath): Promise<unknown> => {
    const own = optionFor(unwrap(shape), value);
    switch (own.type) {
      case 'strict_object':
      case 'loose_object':
      case 'record':
        return visitMapping(value, own, path);
      case 'array':
        if (!Array.isArray(value) || own.item === undefined) return value;
        return Promise.all(
          value.map((item, index) => visit(item, own.item ?? own, [...path, index])),
        );
      default:
        return visitLeaf(value, own, path);
    }
  };

  const visitMapping = async (
    value: unknown,
    shape: Shape,
    path: SettingPath,
  ): Promise<unknown> => {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      problems.push({ path, message: `expected a mapping (key: value), got ${typeName(value)}` });
      return value;
    }
    const entries = await Promise.all(
      Object.entries(value).map(async ([key, item]) => {
        const child = entryOf(shape, key);
        const childPath = [...path, key];
        if (child !== undefined) return [key, await visit(item, child, childPath)];
        const meant = didYouMean(key, Object.keys(shape.entries ?? {}));
        // What somebody else's program may know is no fault, unless it looks like a slip.
        if (shape.type === 'loose_object' && meant === '') {
          notes.push({ path: childPath, message: 'is not used', atKey: true });
        } else {
          problems.push({ path: childPath, message: `unknown setting${meant}`, atKey: true });
        }
        return [key, item];
      }),
    );
    for (const key of shape.entries === undefined ? [] : Object.keys(value)) {
      const direct = /^(.+)(?:File|_file)$/.exec(key)?.[1];
      if (direct === undefined || !Object.hasOwn(value, direct)) continue;
      problems.push({
        path: [...path, key],
        message: `contradicts ${direct}: give one of them`,
        atKey: true,
      });
    }
    return Object.assign(Object.create(null), Object.fromEntries(entries));
  };

  const visitLeaf = async (value: unknown, shape: Shape, path: SettingPath): Promise<unknown> => {
    if (typeof value !== 'string') return value;
    if (options.isLoose(path)) {
      if (shape.type === 'boolean' && /^(?:true|false)$/.test(value)) return value === 'true';
      const isNumber = shape.type === 'number';
      if (isNumber && /^\d{1,15}$/.test(value)) return Number(value);
    }
    const { role } = innerOf(shape);
    if (role === undefined || value === '') return value;
    try {
      return await options.resolve(role, value, path);
    } catch (error) {
      problems.push({ path, message: error instanceof Error ? error.message : String(error) });
      return value;
    }
  };

  const conformed = await visit(data, schema, []);
  return { data: conformed, problems, notes };
}
