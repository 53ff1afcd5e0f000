import { isJsonObject, objectAt, type JsonObject } from './json.ts';
import type { AttestationRequirement } from './policy.ts';
import { shown } from './reject.ts';

const MAX_URI_LENGTH = 2048;

/**
 * Compares provenance with what is required of it. Understands SLSA 1 and 0.2, by their shape.
 * https://slsa.dev/spec/v1.0/provenance, https://slsa.dev/spec/v0.2/provenance
 *
 * @returns what differs, in words; empty if all conditions hold
 */
export function provenanceDifferences(
  predicate: JsonObject,
  { builderId, sourceRepository }: AttestationRequirement,
): readonly string[] {
  const builder = builderOf(predicate);
  const source = sourceOf(predicate);
  return [
    ...(builderId === undefined || builder === builderId
      ? []
      : [`its builder is ${shown(builder)}, not ${builderId}`]),
    ...(sourceRepository === undefined || source === repositoryOf(sourceRepository)
      ? []
      : [`its source is ${shown(source)}, not ${sourceRepository}`]),
  ];
}

function builderOf(predicate: JsonObject): unknown {
  return (
    objectAt(objectAt(predicate, 'runDetails'), 'builder')['id'] ??
    objectAt(predicate, 'builder')['id']
  );
}

/** Only what the builder was told from outside: dependencies name further repositories. */
function sourceOf(predicate: JsonObject): string | undefined {
  const parameters = objectAt(objectAt(predicate, 'buildDefinition'), 'externalParameters');
  const source = parameters['source'];
  const uri =
    objectAt(parameters, 'workflow')['repository'] ??
    (isJsonObject(source) ? source['uri'] : source) ??
    objectAt(objectAt(predicate, 'invocation'), 'configSource')['uri'];
  return typeof uri === 'string' && uri.length <= MAX_URI_LENGTH ? repositoryOf(uri) : undefined;
}

/** `git+https://github.com/acme/app.git@refs/tags/v1` → `https://github.com/acme/app`. */
function repositoryOf(uri: string): string {
  return uri
    .replace(/^git\+/, '')
    .replace(/@[^/]*(?:refs\/.*)?$/, '')
    .replace(/(?:\.git)?\/?$/, '');
}
