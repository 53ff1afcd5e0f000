import type { Options } from '../options.ts';
import type { AdmittedImage, Admission } from './admit.ts';
import type { ImageSource, RunnableImage } from './lifecycle/ports.ts';
import type { ImageResolver } from './resolve/resolve.ts';

/** Leads an announced image to one that may run: resolved, then verified. */
export function createImageSource(resolver: ImageResolver, admission: Admission): ImageSource {
  return {
    admit: async (announced, options: Options = {}) => {
      const resolved = await resolver.resolve(announced, options);
      return runnable(await admission.admit(resolved, options));
    },
    admitDigest: async (announced, image, options: Options = {}) => {
      const resolved = { announced, reference: image, explanation: { rule: 'recorded' } } as const;
      return runnable(await admission.admit(resolved, options));
    },
  };
}

function runnable({ image, credential, resolved, waived }: AdmittedImage): RunnableImage {
  const { explanation } = resolved;
  return {
    image,
    credential,
    ...('map' in explanation && { mapRevision: explanation.map.revision }),
    warnings: waived === undefined ? [] : [`${resolved.announced} runs unverified: ${waived}`],
  };
}
