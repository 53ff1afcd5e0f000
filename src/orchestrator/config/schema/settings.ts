import * as v from 'valibot';
import { checkAppName } from '../../app-spec/names.ts';
import { parseDuration } from '../../../settings/duration.ts';
import { about, flag, optional, text, withDefault, type Schema } from '../../../settings/fields.ts';
import { checkedPlace, mapPlaceEntries, type MapPlaceSettings } from '../../../settings/map.ts';
import { registriesSchema, type RegistriesSettings } from '../../../settings/registries.ts';
import { signersSchema, type SignersSettings } from '../../../settings/verify.ts';
import { appsSchema, type AppsSettings } from './apps.ts';
import { componentsSchema, type ComponentsSettings } from './components.ts';
import { releasesSchema, type ReleasesSettings } from './releases.ts';
import { temporalSchema, type TemporalSettings } from './temporal.ts';
import { checkAbsolute, checkSecureUrl } from './texts.ts';
import {
  atlanSchema,
  containerRegistrySchema,
  type AtlanSettings,
  type ContainerRegistrySettings,
} from './vendor.ts';

/** `config.yaml` as validated: defaults filled in, nothing resolved across sections yet. */
export interface Settings {
  readonly atlan: AtlanSettings;
  readonly components: ComponentsSettings;
  readonly container_registry: ContainerRegistrySettings;
  readonly orchestrator: OwnSettings;
}

/** What the vendor's orchestrator does not know. */
export interface OwnSettings {
  readonly socket?: string;
  readonly network?: string;
  readonly data_folder: string;
  readonly data_folder_on_host?: string;
  readonly app_name: string;
  readonly auto_update: boolean;
  readonly reconcile_interval: string;
  readonly control_plane: { readonly callback_url?: string };
  readonly map?: MapPlaceSettings;
  readonly registries: RegistriesSettings;
  readonly verify: SignersSettings;
  readonly apps: AppsSettings;
  readonly temporal: TemporalSettings;
  readonly releases: ReleasesSettings;
}

const place: Schema<MapPlaceSettings> = checkedPlace<MapPlaceSettings>(
  v.strictObject(mapPlaceEntries) as Schema<unknown> as Schema<MapPlaceSettings>,
);

const own: Schema<OwnSettings> = v.strictObject({
  socket: optional(
    text(
      {
        title: 'Socket',
        description:
          "The container engine's socket. Default: the one in `DOCKER_HOST` or `CONTAINER_HOST`, else the first of the usual places.",
        examples: ['/var/run/docker.sock', '/run/user/1000/podman/podman.sock'],
      },
      checkAbsolute,
    ),
  ),
  network: optional(
    text({
      title: 'Network',
      description: 'The container network of the apps. Default: `atlan-sdr-<deployment>`.',
    }),
  ),
  data_folder: withDefault(
    text(
      {
        title: 'Data',
        description: 'Folder for the files that apps are given and for the heartbeat.',
      },
      checkAbsolute,
    ),
    '/var/lib/sdr-orchestrator',
  ),
  data_folder_on_host: optional(
    text(
      {
        title: 'Data, on the host',
        description:
          'The same folder as the host calls it. Default: found by looking at the own container.',
      },
      checkAbsolute,
    ),
  ),
  app_name: withDefault(
    text(
      {
        title: 'Own name among the releases',
        description:
          'The `app_name` under which this orchestrator is announced. The `sdr-orchestrator-k8s` that the vendor announces is another program, for Kubernetes: it is neither an app nor a newer version of this one.',
        examples: ['sdr-orchestrator'],
      },
      checkAppName,
    ),
    'sdr-orchestrator',
  ),
  auto_update: withDefault(
    flag({
      title: 'Update by itself',
      description: 'Whether reconciling upgrades the orchestrator to the latest release.',
    }),
    false,
  ),
  reconcile_interval: withDefault(
    text(
      {
        title: 'Reconcile every',
        description: 'How often the apps are compared with what should be.',
      },
      parseDuration,
    ),
    '1h',
  ),
  control_plane: withDefault(
    about(
      v.strictObject({
        callback_url: optional(
          text(
            {
              title: 'Callback',
              description: 'Where results are reported. Default: nowhere.',
              examples: ['https://acme.atlan.com/api/service/sdr/callback'],
            },
            checkSecureUrl,
          ),
        ),
      }),
      { title: 'Control plane', description: 'Who is told of results.' },
    ),
    {},
  ),
  map: optional(
    about(place, {
      title: 'Image map',
      description:
        'Where the image map is, if not where `container_registry.image_map_path` says; as in `mirror.yaml`.',
    }),
  ),
  registries: withDefault(registriesSchema, {}),
  verify: withDefault(signersSchema, {}),
  apps: withDefault(appsSchema, {}),
  temporal: withDefault(temporalSchema, {}),
  releases: withDefault(releasesSchema, {}),
});

/** Data whose components are all under `components`. */
export const settingsSchema: Schema<Settings> = v.looseObject({
  atlan: withDefault(atlanSchema, {}),
  components: withDefault(componentsSchema, {}),
  container_registry: withDefault(containerRegistrySchema, {}),
  orchestrator: withDefault(
    about(own, {
      title: 'Orchestrator',
      description: "What only this orchestrator knows; the vendor's ignores it.",
    }),
    {},
  ),
});
