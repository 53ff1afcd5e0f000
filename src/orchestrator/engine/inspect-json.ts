import * as v from 'valibot';
import { EngineError } from '../../errors.ts';
import type { EngineAnswer } from './engine-connection.ts';

/** Of what an engine tells about a container, what is used; a missing value is an empty one. */
export interface InspectedContainer {
  readonly Id: string;
  /** With a slash before it. */
  readonly Name: string;
  readonly Created: string;
  readonly Image: string;
  readonly RestartCount: number;
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly ExitCode: number;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    readonly Health: {
      readonly Status: string;
      readonly Log: readonly { readonly End: string }[];
    };
  };
  readonly Config: InspectedConfig & { readonly Image: string };
  readonly HostConfig: InspectedHostConfig;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Name: string;
    readonly Source: string;
    readonly Destination: string;
    readonly RW: boolean;
  }[];
  readonly NetworkSettings: {
    readonly Networks: Readonly<
      Record<string, { readonly Aliases: readonly string[]; readonly IPAddress: string }>
    >;
  };
}

/** What images and containers have in common. */
export interface InspectedConfig {
  readonly Hostname: string;
  readonly User: string;
  readonly WorkingDir: string;
  readonly Env: readonly string[];
  readonly Cmd: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly Healthcheck: InspectedHealthCheck | undefined;
  readonly StopSignal: string;
  readonly StopTimeout: number | undefined;
  readonly Tty: boolean;
}

/** Times in nanoseconds; 0 is the engine's default. */
export interface InspectedHealthCheck {
  readonly Test: readonly string[];
  readonly Interval: number;
  readonly Timeout: number;
  readonly StartPeriod: number;
  readonly Retries: number;
}

/** The rest, {@link unsupportedSettings} looks through as it came. */
export interface InspectedHostConfig {
  readonly Binds: readonly string[];
  readonly Tmpfs: Readonly<Record<string, string>>;
  readonly Mounts: readonly {
    readonly Type: string;
    readonly Target: string;
    readonly TmpfsOptions: { readonly SizeBytes: number; readonly Mode: number };
  }[];
  readonly NetworkMode: string;
  readonly PortBindings: Readonly<
    Record<string, readonly { readonly HostIp: string; readonly HostPort: string }[]>
  >;
  readonly RestartPolicy: { readonly Name: string; readonly MaximumRetryCount: number };
  readonly CapAdd: readonly string[];
  readonly CapDrop: readonly string[];
  readonly SecurityOpt: readonly string[];
  readonly GroupAdd: readonly string[];
  readonly ExtraHosts: readonly string[];
  readonly Dns: readonly string[];
  readonly UsernsMode: string;
  readonly ReadonlyRootfs: boolean;
  readonly Init: boolean;
  readonly NanoCpus: number;
  readonly CpuQuota: number;
  readonly CpuPeriod: number;
  readonly Memory: number;
  readonly PidsLimit: number;
  readonly LogConfig: { readonly Type: string; readonly Config: Readonly<Record<string, string>> };
  readonly Ulimits: readonly {
    readonly Name: string;
    readonly Soft: number;
    readonly Hard: number;
  }[];
  readonly [setting: string]: unknown;
}

export interface InspectedImage {
  readonly Id: string;
  readonly RepoDigests: readonly string[];
  readonly Architecture: string;
  readonly Size: number;
  readonly Config: InspectedConfig;
}

/** Engines write null, leave out, or write an empty value as they like: all are the empty value. */
function orEmpty<S extends v.GenericSchema, E>(
  schema: S,
  empty: E,
): v.GenericSchema<unknown, v.InferOutput<S> | E> {
  return v.pipe(
    v.optional(v.nullable(schema), null),
    v.transform((value) => value ?? empty),
  );
}

const text = orEmpty(v.string(), '');
const number = orEmpty(v.number(), 0);
const flag = orEmpty(v.boolean(), false);
const texts = orEmpty(v.array(v.string()), []);
const dictionary = orEmpty(v.record(v.string(), v.string()), {});
const emptyHealth = { Status: '', Log: [] };
const tmpfsOptions = orEmpty(v.object({ SizeBytes: number, Mode: number }), {
  SizeBytes: 0,
  Mode: 0,
});

const config: v.GenericSchema<unknown, InspectedConfig> = v.object({
  Hostname: text,
  User: text,
  WorkingDir: text,
  Env: texts,
  Cmd: texts,
  Entrypoint: texts,
  Labels: dictionary,
  Healthcheck: orEmpty(
    v.object({
      Test: texts,
      Interval: number,
      Timeout: number,
      StartPeriod: number,
      Retries: number,
    }),
    undefined,
  ),
  StopSignal: text,
  StopTimeout: orEmpty(v.number(), undefined),
  Tty: flag,
});

const hostConfig: v.GenericSchema<unknown, InspectedHostConfig> = v.looseObject({
  Binds: texts,
  Tmpfs: dictionary,
  Mounts: orEmpty(v.array(v.object({ Type: text, Target: text, TmpfsOptions: tmpfsOptions })), []),
  NetworkMode: text,
  PortBindings: orEmpty(
    v.record(v.string(), orEmpty(v.array(v.object({ HostIp: text, HostPort: text })), [])),
    {},
  ),
  RestartPolicy: orEmpty(v.object({ Name: text, MaximumRetryCount: number }), {
    Name: '',
    MaximumRetryCount: 0,
  }),
  CapAdd: texts,
  CapDrop: texts,
  SecurityOpt: texts,
  GroupAdd: texts,
  ExtraHosts: texts,
  Dns: texts,
  UsernsMode: text,
  ReadonlyRootfs: flag,
  Init: flag,
  NanoCpus: number,
  CpuQuota: number,
  CpuPeriod: number,
  Memory: number,
  PidsLimit: number,
  LogConfig: orEmpty(v.object({ Type: text, Config: dictionary }), { Type: '', Config: {} }),
  Ulimits: orEmpty(v.array(v.object({ Name: text, Soft: number, Hard: number })), []),
});

const container: v.GenericSchema<unknown, InspectedContainer> = v.object({
  Id: v.string(),
  Name: v.string(),
  Created: text,
  Image: text,
  RestartCount: number,
  State: v.object({
    Status: v.string(),
    Running: flag,
    OOMKilled: flag,
    ExitCode: number,
    StartedAt: text,
    FinishedAt: text,
    Health: orEmpty(
      v.object({ Status: text, Log: orEmpty(v.array(v.object({ End: text })), []) }),
      emptyHealth,
    ),
  }),
  Config: v.intersect([config, v.object({ Image: text })]),
  HostConfig: hostConfig,
  Mounts: orEmpty(
    v.array(v.object({ Type: text, Name: text, Source: text, Destination: text, RW: flag })),
    [],
  ),
  NetworkSettings: v.object({
    Networks: orEmpty(v.record(v.string(), v.object({ Aliases: texts, IPAddress: text })), {}),
  }),
});

const image: v.GenericSchema<unknown, InspectedImage> = v.object({
  Id: v.string(),
  RepoDigests: texts,
  Architecture: text,
  Size: number,
  Config: config,
});

/** @throws EngineError `ENGINE_REFUSED` if what answered does not describe a container */
export function parseContainer(answer: EngineAnswer): InspectedContainer {
  return parse(container, answer, 'a container');
}

/** @throws EngineError `ENGINE_REFUSED` if what answered does not describe an image */
export function parseImage(answer: EngineAnswer): InspectedImage {
  return parse(image, answer, 'an image');
}

/** @throws EngineError `ENGINE_REFUSED` if the answer is not of that form */
export function parse<Value>(
  schema: v.GenericSchema<unknown, Value>,
  { body }: EngineAnswer,
  what: string,
): Value {
  try {
    return v.parse(schema, JSON.parse(body));
  } catch (error) {
    throw new EngineError(
      'ENGINE_REFUSED',
      `the container engine described ${what} in a way this version does not understand`,
      error,
    );
  }
}
