import { toJsonSchema, type JsonSchema } from '@valibot/to-json-schema';
import type { GenericSchema } from 'valibot';
import { deploymentEvent } from '../src/orchestrator/callback/deployment-event.ts';
import {
  appPayload,
  installPayload,
  reconcilePayload,
  selfUpdatePayload,
  statusPayload,
} from '../src/orchestrator/temporal/contract/requests.ts';
import {
  appResult,
  failure,
  reconcileResult,
  selfUpdateResult,
  statusResult,
} from '../src/orchestrator/temporal/contract/results.ts';

const DEFINITIONS: Readonly<Record<string, GenericSchema>> = {
  InstallPayload: installPayload,
  AppPayload: appPayload,
  StatusPayload: statusPayload,
  ReconcilePayload: reconcilePayload,
  SelfUpdatePayload: selfUpdatePayload,
  AppResult: appResult,
  StatusResult: statusResult,
  ReconcileResult: reconcileResult,
  SelfUpdateResult: selfUpdateResult,
  Failure: failure,
  DeploymentEvent: deploymentEvent,
};

/** The JSON Schema of what goes in and out of the orchestrator, made from the schemas that validate it. */
export function workflowSchema(): JsonSchema {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Workflows of sdr-orchestrator',
    description: 'Payloads and results of the workflows, and the events of the callback.',
    definitions: Object.fromEntries(
      Object.entries(DEFINITIONS).map(([name, schema]) => [name, definition(schema)]),
    ),
  };
}

function definition(schema: GenericSchema): JsonSchema {
  const { $schema: _, ...rest } = toJsonSchema(schema, {
    target: 'draft-07',
    typeMode: 'input',
  });
  return rest;
}
