import process from 'node:process';
import { start } from './start.ts';

// What GitHub starts for a step that uses the action.
await start(process, () => import('./action/run-action.ts'));
