import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configurationSchema, orchestratorSchema } from './json-schema.ts';
import { configurationReference } from './configuration-reference.ts';
import { orchestratorReference } from './orchestrator-reference.ts';
import { reportSchema } from './report-schema.ts';
import { workflowSchema } from './workflow-schema.ts';

// Writes what is made from the validator: run it after changing a schema.
const root = join(import.meta.dirname, '..');
const schema = configurationSchema();
writeFileSync(join(root, 'mirror.schema.json'), `${JSON.stringify(schema, null, 2)}\n`);
mkdirSync(join(root, 'docs'), { recursive: true });
writeFileSync(join(root, 'docs/configuration.md'), configurationReference(schema));
writeFileSync(join(root, 'report.schema.json'), `${JSON.stringify(reportSchema(), null, 2)}\n`);
const orchestrator = orchestratorSchema();
writeFileSync(join(root, 'orchestrator.schema.json'), `${JSON.stringify(orchestrator, null, 2)}\n`);
writeFileSync(
  join(root, 'docs/orchestrator-configuration.md'),
  orchestratorReference(orchestrator),
);
writeFileSync(
  join(root, 'docs/orchestrator-workflows.schema.json'),
  `${JSON.stringify(workflowSchema(), null, 2)}\n`,
);
