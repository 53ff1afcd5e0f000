// One of several processes that write the same map: publishes COUNT entries, one at a time.
import { setEntries } from '../../src/image-map/edit.ts';
import { publish } from '../../src/mirror/publish.ts';
import { openMapStore } from '../../src/stores/open.ts';

const [, , location = '', writer = '', count = ''] = process.argv;
const store = await openMapStore(location, { cwd: process.cwd() });
for (let i = 0; i < Number(count); i += 1) {
  const entry = { key: `atlanhq/app-${writer}:${i}`, value: `reg.example/app-${writer}:${i}-ok` };
  await publish({ store, edit: (text) => setEntries(text, [entry]), attempts: 1000 });
}
