import { dirname } from 'node:path';
import { keysIn } from '../servers/fake-gcs.ts';
import { CONTAINER, untilWon, type Store } from './map-store.ts';

/** What there is to know of a store that runs, and can be told to another process. */
export interface GoogleAddress {
  readonly kind: 'gs';
  readonly url: string;
}

/** Maps in a bucket that is there, which lets everybody in. */
export function googleStore({ url }: GoogleAddress): Store {
  const bucket = `b/${CONTAINER}/o`;
  const objects = `${url}/storage/v1/${bucket}/`;
  return {
    name: 'fake-gcs-server',
    host: new URL(url).host,
    secrets: [],
    place: (key) => {
      const read = async () => {
        const answer = await fetch(`${objects}${encodeURIComponent(key)}?alt=media`);
        if (answer.status === 404) return undefined;
        return { text: await answer.text(), is: answer.headers.get('x-goog-generation') };
      };
      return {
        settings: (host) => ({
          store: `gs://${CONTAINER}/${key}`,
          gs: { endpoint: `http://${host}`, credentials: { anonymous: true } },
        }),
        read: async () => (await read())?.text,
        edit: async (change) =>
          untilWon(async () => {
            const seen = await read();
            const query = `uploadType=media&name=${encodeURIComponent(key)}&ifGenerationMatch=${seen?.is ?? 0}`;
            const answer = await fetch(`${url}/upload/storage/v1/${bucket}?${query}`, {
              method: 'POST',
              headers: { 'content-type': 'application/yaml' },
              body: change(seen?.text),
            });
            if (answer.status === 412) return false;
            if (!answer.ok) throw new Error(`${answer.status} ${await answer.text()}`);
            return true;
          }),
        beside: async () => keysIn({ url, bucket: CONTAINER }, `${dirname(key)}/`),
      };
    },
  };
}
