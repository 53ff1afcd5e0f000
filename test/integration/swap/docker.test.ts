import { startDocker } from '../../support/servers/docker.ts';
import { whyNot } from '../engine/real-engine.ts';
import { appSwap } from './app-swap.ts';

appSwap('Docker', whyNot('dockerd'), startDocker);
