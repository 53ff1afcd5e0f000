import { startDocker } from '../../support/servers/docker.ts';
import { whyNot } from '../engine/real-engine.ts';
import { selfSwap } from './self-swap.ts';

selfSwap('Docker', whyNot('dockerd'), startDocker);
