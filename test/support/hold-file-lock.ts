// Takes a lock file, says so, and holds it until it is killed.
import { withFileLock } from '../../src/stores/file/lock.ts';

await withFileLock(
  process.argv[2] ?? '',
  () =>
    new Promise(() => {
      console.log('held');
      setInterval(() => undefined, 1000);
    }),
  { waitMs: 0 },
);
