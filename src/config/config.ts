import type { HostSettingsByHost } from '../registry/hosts.ts';
import type { NotifySettings, ReportPlaces } from '../reports/settings.ts';
import type { Secret } from '../secret.ts';
import type { MapPlaceConfig, VerifyConfig } from '../settings/shared-config.ts';

/** Everything the operator decides: complete, checked, defaults filled in, files read. */
export interface Config {
  readonly releases: ReleasesConfig;
  readonly source: SourceConfig;
  readonly target: TargetConfig;
  readonly map: MapConfig;
  readonly verify: VerifyConfig;
  readonly registries: HostSettingsByHost;
  readonly copy: CopyConfig;
  readonly timeouts: TimeoutsConfig;
  readonly report: ReportPlaces;
  /** Absent: nobody is told. */
  readonly notify?: NotifySettings;
}

export interface ReleasesConfig {
  readonly from: ReleasesOrigin;
  /** Globs on the app's name or the image. */
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  /** Image references to keep besides what is announced. */
  readonly extra: readonly string[];
}

export type ReleasesOrigin =
  | { readonly kind: 'marketplace'; readonly url: string; readonly token: Secret }
  | {
      readonly kind: 'file';
      /** Absolute. */
      readonly path: string;
    };

export interface SourceConfig {
  /** Canonical host of announced references that name none. */
  readonly registry: string;
}

export interface TargetConfig {
  /** Template, `registry.mycompany.com/atlan/{name}:{tag}`. */
  readonly image: string;
  /** The first whose `match`, a glob on the repository, fits wins over `image`. */
  readonly overrides: readonly { readonly match: string; readonly image: string }[];
  /** What to do where another digest stands under the tag. */
  readonly existing: 'refuse' | 'overwrite';
}

export interface MapConfig extends MapPlaceConfig {
  readonly entries: 'tag' | 'repository';
  /** What to do with an entry that points elsewhere than the target's template says. */
  readonly existing: 'keep' | 'replace';
}

/** After which time something is given up that does not end by itself. */
export interface TimeoutsConfig {
  /** Longest silence of a registry whose turn it is. */
  readonly silenceMs: number;
  /** Of one image, from its first request to its tag. */
  readonly imageMs: number;
  readonly runMs: number;
}

export interface CopyConfig {
  readonly engine: 'registry' | 'skopeo';
  /** Whether signatures and attestations are copied with their images. */
  readonly signatures: boolean;
  /** Images in flight at once. */
  readonly concurrency: number;
  /** Most bytes a second that all images together are read with. */
  readonly bandwidth?: number;
  /** The platforms copied of each image, `os/architecture[/variant]`; all by default. */
  readonly platforms?: readonly string[];
  /** Whether an index is changed to list these platforms only, which voids its signatures. */
  readonly rewriteIndex?: boolean;
}
