import { errorMessage } from '../../errors.ts';
import type { Digest, DigestReference } from '../../registry/reference.ts';
import { ownedBy } from '../app-spec/labels.ts';
import type { Container, ContainerId } from '../engine/container.ts';
import type { ContainerEngine } from '../engine/container-engine.ts';
import { labelsOf } from './subject.ts';

/**
 * Removes the images that only a container which goes needed: those in its labels that are neither
 * the current nor the previous image of any other container of the deployment. Nothing that is not
 * in our labels is ever touched.
 *
 * An image that stays costs disk and nothing else, so what fails is a warning.
 */
export async function cleanImages(
  engine: Pick<ContainerEngine, 'list' | 'removeImage'>,
  deployment: string,
  going: readonly Container[],
  warn: (warning: string) => void,
): Promise<void> {
  try {
    const ids = new Set<ContainerId>(going.map(({ id }) => id));
    const all = await engine.list(ownedBy(deployment));
    const needed = new Set<Digest>(
      all
        .filter(({ id }) => !ids.has(id))
        .flatMap(imagesOf)
        .map(({ digest }) => digest),
    );
    const idle = going.flatMap(imagesOf).filter(({ digest }) => !needed.has(digest));
    for (const image of idle) {
      await engine.removeImage(image);
    }
  } catch (error) {
    warn(`images that are not needed any more could not be removed: ${errorMessage(error)}`);
  }
}

function imagesOf(container: Container): DigestReference[] {
  const labels = labelsOf(container);
  if (labels === undefined) return [];
  return labels.previous === undefined ? [labels.image] : [labels.image, labels.previous.image];
}
