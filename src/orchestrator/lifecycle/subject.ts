import { formatReference } from '../../registry/reference.ts';
import { ownedBy, parseLabels, type ContainerLabels } from '../app-spec/labels.ts';
import { containerName } from '../app-spec/names.ts';
import type { Version } from '../commands.ts';
import type { Container } from '../engine/container.ts';
import type { Places, Subject } from '../swap/places.ts';

/** The containers of one app of a deployment. */
export function appSubject(deployment: string, app: string): Subject {
  return {
    name: containerName(deployment, app),
    labels: ownedBy(deployment, { role: 'app', app }),
  };
}

/** What serves, or last did: in the midst of a swap it may bear the name `.old`. */
export function servingIn({ current, old }: Places): Container | undefined {
  return current ?? old;
}

/** What a container's labels say. @throws ConfigError if they were tampered with */
export function labelsOf(container: Container | undefined): ContainerLabels | undefined {
  return container === undefined ? undefined : parseLabels(container.labels);
}

/** A container's version, in the words of results. */
export function versionOf(labels: Pick<ContainerLabels, 'version' | 'source' | 'image'>): Version {
  const { version, source, image } = labels;
  return { version, source, image: formatReference(image), digest: image.digest };
}
