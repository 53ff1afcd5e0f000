import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { ContainerLabels } from '../app-spec/labels.ts';
import { formatLabels } from '../app-spec/labels.ts';
import type { Container, ContainerId } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { differences } from '../engine/spec-differences.ts';
import { greenName } from '../swap/places.ts';

/**
 * Creates the same container as `self` of another image, as `.green`, not started. A setting that
 * did not come across is a refusal: a new version that lacks one cannot be told from a broken one.
 *
 * @throws EngineError
 */
export async function createClone(
  engine: Pick<ContainerEngine, 'specOf' | 'create' | 'remove'>,
  self: Container,
  name: string,
  labels: ContainerLabels,
  options: Options,
): Promise<ContainerId> {
  const spec = await engine.specOf(self.id, options);
  const id = await engine.create(
    {
      ...spec,
      name: greenName(name),
      image: labels.image,
      labels: { ...spec.labels, ...formatLabels(labels) },
    },
    options,
  );
  try {
    const different = differences(spec, await engine.specOf(id, options));
    if (different.length === 0) return id;
    throw new EngineError(
      'ENGINE_REFUSED',
      `the engine did not make the new orchestrator like the old one: ${different.join(', ')} would differ, so it is not updated; update it by hand with the settings it was started with`,
    );
  } catch (error) {
    await engine.remove(id);
    throw error;
  }
}
