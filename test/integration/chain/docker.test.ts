import { startDocker } from '../../support/servers/docker.ts';
import { chain } from './chain.ts';

chain('Docker', 'dockerd', startDocker);
