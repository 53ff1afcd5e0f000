import { startDocker } from '../../support/servers/docker.ts';
import { realEngineContract } from './real-engine.ts';

realEngineContract('Docker', 'dockerd', startDocker);
