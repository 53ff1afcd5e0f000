import { startPodman } from '../../support/servers/podman.ts';
import { whyNot } from '../engine/real-engine.ts';
import { appSwap } from './app-swap.ts';

appSwap('Podman', whyNot('podman'), startPodman);
