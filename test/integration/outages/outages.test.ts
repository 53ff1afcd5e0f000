import { describe } from 'node:test';
import { controlPlaneOutages } from './control-plane-outages.ts';
import { imageOutages } from './image-outages.ts';

// All at once: most of it is waiting, for a worker to fail for good above all.
describe('outages', { concurrency: true }, () => {
  controlPlaneOutages();
  imageOutages();
});
