import { startPodman } from '../../support/servers/podman.ts';
import { chain } from './chain.ts';

chain('Podman', 'podman', startPodman);
