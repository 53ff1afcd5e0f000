import { startPodman } from '../../support/servers/podman.ts';
import { whyNot } from '../engine/real-engine.ts';
import { selfSwap } from './self-swap.ts';

selfSwap('Podman', whyNot('podman'), startPodman);
