import { safeParse } from 'valibot';
import { ConfigError } from '../errors.ts';
import type { Config } from './config.ts';
import { conform, type Problem } from '../settings/conform.ts';
import { parseConfigDocument } from '../settings/document.ts';
import { resolveText } from '../settings/files.ts';
import { findConfigFile } from '../settings/find.ts';
import { interpolate, type Environment } from '../settings/interpolate.ts';
import { problemsOf, showFile, toIssues } from '../settings/issues.ts';
import { missingSections } from './missing.ts';
import { normalise } from './normalise.ts';
import { givenByEnvironment, givenByOverrides, type ConfigOverrides } from './overrides.ts';
import { isWithin, type SettingPath } from '../settings/path.ts';
import { isMapping, removeAt, setAt } from '../settings/raw.ts';
import type { ReadFile } from '../settings/read-file.ts';
import { describeWritten } from '../settings/written.ts';
import { SECTIONS, settingsSchema } from './schema/settings.ts';

export type Section = keyof Config;

export interface LoadConfigOptions<Needed extends Section = Section> {
  /** The file that was asked for by `--config`. */
  readonly path?: string | undefined;
  readonly env: Environment;
  /** The working folder: where `mirror.yaml` is looked for and where paths of options start. */
  readonly cwd: string;
  readonly readFile: ReadFile;
  /** What the command line says; it wins over the file. */
  readonly overrides?: ConfigOverrides;
  /**
   * The sections the caller needs; all if left out. The others are not looked at: resolving a name
   * needs no API token.
   */
  readonly sections?: readonly Needed[];
}

/**
 * Reads, expands, checks and completes the configuration.
 *
 * @throws ConfigError with every problem at once, each with its place and the setting it is about
 */
export async function loadConfig<Needed extends Section = Section>(
  options: LoadConfigOptions<Needed>,
): Promise<Pick<Config, Needed>> {
  const { env, cwd, readFile, overrides = {} } = options;
  const sections: readonly Section[] = options.sections ?? SECTIONS;
  const file = await findConfigFile({
    path: options.path,
    variable: 'MIRROR_CONFIG',
    defaultFile: 'mirror.yaml',
    env,
    cwd,
    readFile,
  });
  const document = file === undefined ? undefined : parseConfigDocument(file.text, file.name);
  if (document !== undefined && document.value === undefined)
    throw new ConfigError(document.issues);

  const { given, replaced } = givenByOverrides(overrides);
  const isReplaced = (path: SettingPath): boolean => replaced.some((old) => isWithin(path, old));
  const expansion = interpolate(only(sections, document?.value ?? {}), env);
  const fromFile = replaced.reduce(removeAt, expansion.value);
  const wanted = given.filter(({ path: [section] }) => isOneOf(sections, section));
  const all = [...wanted, ...givenByEnvironment([...wanted], fromFile, env)];
  const data = all.reduce((merged, { path, value }) => setAt(merged, path, value), fromFile);

  const written = describeWritten({
    schema: settingsSchema,
    document,
    given: all,
    expansion,
    isReplaced,
  });
  const conformed = await conform(data, settingsSchema, {
    isLoose: (path) => written.expression(path) !== undefined || written.origin(path) !== undefined,
    resolve: (role, text, path) =>
      resolveText(role, text, {
        base: written.origin(path) === undefined && file !== undefined ? file.folder : cwd,
        shown: showFile(text, path, written),
        readFile,
      }),
  });
  const problems: Problem[] = [
    ...expansion.problems.filter(({ path }) => !isReplaced(path)),
    ...conformed.problems,
  ];
  const parsed = safeParse(settingsSchema, conformed.data);
  problems.push(
    ...problemsOf(parsed.issues ?? [], problems, written),
    ...missingSections(conformed.data, sections, { hasFile: file !== undefined, cwd }),
  );
  const issues = [...(document?.issues ?? []), ...toIssues(problems, written)];
  if (!parsed.success || issues.length > 0) throw new ConfigError(issues);
  return pick(normalise(parsed.output), sections) as Pick<Config, Needed>;
}

/** The sections that are needed, and whatever is no section, to be complained of. */
function only(sections: readonly Section[], data: unknown): unknown {
  if (!isMapping(data)) return data;
  const kept = Object.entries(data).filter(
    ([key]) => !isOneOf(SECTIONS, key) || isOneOf(sections, key),
  );
  return Object.assign(Object.create(null), Object.fromEntries(kept));
}

function pick(config: Partial<Config>, sections: readonly Section[]): Partial<Config> {
  return Object.fromEntries(Object.entries(config).filter(([key]) => isOneOf(sections, key)));
}

function isOneOf(words: readonly string[], word: unknown): boolean {
  return typeof word === 'string' && words.includes(word);
}
