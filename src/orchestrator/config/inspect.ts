import { safeParse } from 'valibot';
import type { ConfigIssue } from '../../errors.ts';
import { conform, type Problem } from '../../settings/conform.ts';
import { parseConfigDocument, type ConfigDocument } from '../../settings/document.ts';
import { resolveText } from '../../settings/files.ts';
import { interpolate, type Environment } from '../../settings/interpolate.ts';
import { problemsOf, showFile, toIssues } from '../../settings/issues.ts';
import { removeAt, setAt } from '../../settings/raw.ts';
import { describeWritten, type Written } from '../../settings/written.ts';
import { missingIdentity, notesAcross, problemsAcross } from './across.ts';
import type { OrchestratorConfig } from './config.ts';
import { givenByEnvironment } from './from-environment.ts';
import { arrange, type Arranged } from './layout.ts';
import { normalise, toComponents } from './normalise.ts';
import { withMapPlace, withOwnContent } from './own-component.ts';
import { settingsSchema } from './schema/settings.ts';
import { closure, SECTIONS, unneeded, type Section } from './sections.ts';
import { readSources, type SourceOptions, type Sources } from './sources.ts';
import { soundSettings } from './sound.ts';

/** What was found out about a configuration, right or wrong. */
export interface Inspection {
  /** Complete as far as was needed; absent if there are errors. */
  readonly config: Partial<OrchestratorConfig> | undefined;
  readonly errors: readonly ConfigIssue[];
  /** What is as it may be, but perhaps not as it was meant. */
  readonly warnings: readonly ConfigIssue[];
  /** The environment, completed by `.env`. */
  readonly env: Environment;
  /** The configuration file as people call it. */
  readonly file: string;
}

/**
 * Finds out everything that is wrong with a configuration.
 *
 * @param sections - what is needed; the others are not looked at
 * @throws ConfigError there is none, or it cannot be read
 */
export async function inspectOrchestratorConfig(
  options: SourceOptions,
  sections: readonly Section[] = SECTIONS,
): Promise<Inspection> {
  const sources = await readSources(options);
  const { file, envFile, env } = sources;
  const document = parseConfigDocument(file.text, file.name);
  const syntax = [...(envFile?.issues ?? []), ...document.issues];
  const found =
    document.value === undefined
      ? { config: undefined, errors: [], warnings: [] }
      : await examine(document, sources, closure(sections), options);
  const errors = [...syntax, ...found.errors];
  return {
    ...found,
    config: errors.length > 0 ? undefined : found.config,
    errors,
    env,
    file: file.name,
  };
}

async function examine(
  document: ConfigDocument,
  sources: Sources,
  needed: ReadonlySet<Section>,
  { cwd, readFile }: SourceOptions,
): Promise<Pick<Inspection, 'config' | 'errors' | 'warnings'>> {
  const { file, env } = sources;
  const expansion = interpolate(unneeded(needed).reduce(removeAt, document.value), env);
  const arranged = arrange(expansion.value);
  const fromEnv = needed.has('atlan') ? givenByEnvironment(arranged.data, env) : NOTHING;
  const data = fromEnv.given.reduce(
    (result, { path, value }) => setAt(result, path, value),
    needed.has('images') ? withMapPlace(arranged.data, file.path) : arranged.data,
  );
  const written = inPlace(
    describeWritten({
      schema: settingsSchema,
      document,
      given: fromEnv.given,
      expansion,
      isReplaced: () => false,
    }),
    arranged,
    sources,
  );
  const conformed = await conform(data, settingsSchema, {
    isLoose: (path) => written.expression(path) !== undefined || written.origin(path) !== undefined,
    resolve: async (role, text, path) =>
      resolveText(role, text, {
        base: written.origin(path) === undefined ? file.folder : cwd,
        shown: showFile(text, path, written),
        readFile,
      }),
  });
  const problems: Problem[] = [
    ...expansion.problems,
    ...arranged.problems,
    ...fromEnv.problems,
    ...conformed.problems,
  ];
  const parsed = safeParse(settingsSchema, conformed.data);
  problems.push(...problemsOf(parsed.issues ?? [], problems, written));
  if (needed.has('atlan')) problems.push(...missingIdentity(data));
  const { settings, unsound } = soundSettings(conformed.data);
  const components = toComponents(settings.components);
  const whole = { settings, components, needed, env };
  problems.push(...problemsAcross(whole).filter(({ path }) => !unsound.has(path[0])));
  const issuesOf = (told: readonly Problem[]): readonly ConfigIssue[] =>
    toIssues(
      told.map((problem) => ({ ...problem, path: arranged.placeOf(problem.path) })),
      written,
    );
  return {
    config: withOwnContent(normalise(settings, components), file.path, data),
    errors: issuesOf(problems),
    warnings: issuesOf([...conformed.notes, ...notesAcross(whole)]),
  };
}

const NOTHING = { given: [], problems: [] };

/** Finds settings where they really stand: in either layout, or in `.env`. */
function inPlace(written: Written, { placeOf }: Arranged, { envFile }: Sources): Written {
  return {
    ...written,
    expression: (path) => written.expression(placeOf(path)),
    locate: (path, part) => {
      const variable = written.origin(path);
      const place = variable === undefined ? undefined : envFile?.placeOf(variable);
      return place ?? written.locate(placeOf(path), part);
    },
  };
}
