import { mapStoreContract } from '../../contracts/map-store.ts';
import { MemoryMapStore } from '../../fakes/memory-map-store.ts';

mapStoreContract('the fake in memory', () => {
  const store = new MemoryMapStore();
  return { open: () => store, editByHand: (text) => store.editByHand(text) };
});
