#!/usr/bin/env node
import process from 'node:process';
import { unsupportedNode } from './node-version.ts';

const problem = unsupportedNode(process.versions.node);
if (problem === undefined) {
  const { main } = await import('./mirror-program.ts');
  process.exitCode = await main(process);
} else {
  process.stderr.write(`${problem}\n`);
  process.exitCode = 2;
}
