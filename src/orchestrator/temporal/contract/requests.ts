import * as v from 'valibot';
import type {
  AppRequest,
  InstallRequest,
  ReconcileRequest,
  SelfUpdateRequest,
  StatusRequest,
} from '../../commands.ts';

/** A request as it arrives: without a `commandId`, the id of the workflow takes its place. */
type Payload<Request> = Request extends { readonly commandId: string }
  ? Omit<Request, 'commandId'> & { readonly commandId?: string }
  : Request;

export type AppPayload = Payload<AppRequest>;
export type InstallPayload = Payload<InstallRequest>;
export type SelfUpdatePayload = Payload<SelfUpdateRequest>;

/** What may stand as a command's id: it becomes a container's label. */
export const COMMAND_ID: RegExp = /^[!-~]{1,128}$/;

const commandId = v.pipe(
  v.string(),
  v.regex(COMMAND_ID, 'expected 1 to 128 printable ASCII characters without spaces'),
  v.description(
    'Names the wish, not the attempt: the same for every retry and every duplicate of it. The workflow id, where absent.',
  ),
);

// The rule of checkAppName, in a form that a JSON Schema can repeat.
const app = v.pipe(
  v.string(),
  v.regex(
    /^[a-z0-9](?:[a-z0-9._-]{0,61}[a-z0-9])?$/,
    'expected up to 63 lower-case letters, digits, "-", "_" and ".", with a letter or digit at both ends',
  ),
  v.description('The app_name of latest-releases.'),
  v.examples(['teradata']),
);

const image = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(512),
  v.description(
    'As announced, before the image map is applied. The latest announced release, where absent.',
  ),
  v.examples(['atlanhq/atlan-teradata-app:3.1.4']),
);

const version = v.pipe(
  v.string(),
  v.minLength(1),
  v.maxLength(128),
  v.description("For records. The image's tag, where absent."),
  v.examples(['3.1.4']),
);

/** `uninstall`, `restart`, `rollback` */
export const appPayload: v.GenericSchema<unknown, AppPayload> = v.object({
  commandId: v.exactOptional(commandId),
  app,
});

/** `install`, `upgrade` */
export const installPayload: v.GenericSchema<unknown, InstallPayload> = v.object({
  commandId: v.exactOptional(commandId),
  app,
  image: v.exactOptional(image),
  version: v.exactOptional(version),
});

export const selfUpdatePayload: v.GenericSchema<unknown, SelfUpdatePayload> = v.object({
  commandId: v.exactOptional(commandId),
  image: v.exactOptional(image),
  version: v.exactOptional(version),
});

export const statusPayload: v.GenericSchema<unknown, StatusRequest> = v.object({
  app: v.exactOptional(v.pipe(app, v.description('Only this app.'))),
});

export const reconcilePayload: v.GenericSchema<unknown, ReconcileRequest> = v.object({
  dryRun: v.exactOptional(
    v.pipe(v.boolean(), v.description('Only plan: the actions are reported and none is taken.')),
  ),
});
