import { startPodman } from '../../support/servers/podman.ts';
import { realEngineContract } from './real-engine.ts';

realEngineContract('Podman', 'podman', startPodman);
