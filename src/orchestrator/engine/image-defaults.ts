import * as v from 'valibot';
import type { EngineAnswer } from './engine-connection.ts';
import { parse, type InspectedHealthCheck } from './inspect-json.ts';

interface LibpodImage {
  readonly Healthcheck?: InspectedHealthCheck | undefined;
  readonly HealthCheck?: InspectedHealthCheck | undefined;
}

const check = v.optional(
  v.nullable(
    v.object({
      Test: v.optional(v.nullable(v.array(v.string())), []),
      Interval: v.optional(v.number(), 0),
      Timeout: v.optional(v.number(), 0),
      StartPeriod: v.optional(v.number(), 0),
      Retries: v.optional(v.number(), 0),
    }),
  ),
);
const libpodImage = v.object({ Healthcheck: check, HealthCheck: check });

/** The health check of an image, as Podman's own API tells it. */
export function parseLibpodHealthCheck(answer: EngineAnswer): InspectedHealthCheck | undefined {
  const { Healthcheck, HealthCheck } = parse(
    libpodImage as v.GenericSchema<unknown, LibpodImage>,
    answer,
    'an image',
  );
  return Healthcheck ?? HealthCheck ?? undefined;
}
