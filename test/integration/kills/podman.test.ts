import { startPodman } from '../../support/servers/podman.ts';
import { whyNot } from '../engine/real-engine.ts';
import { orchestratorKills } from './orchestrator-kills.ts';

orchestratorKills('Podman', { skip: whyNot('podman'), startEngine: startPodman, upgrades: 1 });
