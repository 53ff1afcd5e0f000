import { toJsonSchema, type JsonSchema } from '@valibot/to-json-schema';
import { runRecordSchema } from '../src/reports/record-schema.ts';

/** The JSON Schema of report.json, made from the schema that an earlier run's report is read with. */
export function reportSchema(): JsonSchema {
  const { $schema, ...schema } = toJsonSchema(runRecordSchema, {
    target: 'draft-07',
    typeMode: 'input',
    // Digests and absent fields are given their types after validation, which JSON knows nothing of.
    errorMode: 'ignore',
  });
  return {
    ...($schema === undefined ? {} : { $schema }),
    title: 'report.json',
    description: 'What a run of sdr-mirror did. Fields may be added under one schemaVersion.',
    ...schema,
  };
}
