import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Store } from './map-store.ts';

/** Maps in files, each in a folder that is made before. */
export function fileStore(): Store {
  return {
    name: 'file',
    host: undefined,
    secrets: [],
    place: (path) => {
      const read = (): string | undefined => {
        try {
          return readFileSync(path, 'utf8');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
          throw error;
        }
      };
      return {
        settings: () => ({ store: `file:${path}` }),
        read: async () => read(),
        edit: async (change) => {
          const seen = read();
          const draft = `${path}~`;
          writeFileSync(draft, change(seen));
          // An editor looks whether the file has changed on disk, too.
          if (read() !== seen) throw new Error('the file has changed on disk');
          renameSync(draft, path);
        },
        beside: async () => readdir(dirname(path)),
      };
    },
  };
}
