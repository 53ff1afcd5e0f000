import { startDocker } from '../../support/servers/docker.ts';
import { whyNot } from '../engine/real-engine.ts';
import { orchestratorKills } from './orchestrator-kills.ts';

orchestratorKills('Docker', { skip: whyNot('dockerd'), startEngine: startDocker, upgrades: 2 });
