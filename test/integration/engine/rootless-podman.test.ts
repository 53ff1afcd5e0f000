import { startRootlessPodman } from '../../support/servers/podman.ts';
import { realEngineContract } from './real-engine.ts';

realEngineContract('rootless Podman', 'podman', startRootlessPodman, { isRootless: true });
