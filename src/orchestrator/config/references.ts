import type { SettingPath } from '../../settings/path.ts';
import type { Component, ComponentItem } from './config.ts';

/** Where secrets are looked up unless a component says otherwise. */
export const DEFAULT_SECRET_STORE = 'secretstore';

/** The store of the deployment's own secrets, made for every app: its environment. */
export const DEPLOYMENT_SECRET_STORE = 'deployment-secret-store';

/** The secret store that is the environment of the app. */
export const ENVIRONMENT_STORE = 'secretstores.local.env';

/** A variable that an app's environment must hold for a component to work. */
export interface VariableReference {
  readonly variable: string;
  /** Where in the configuration it is asked for. */
  readonly path: SettingPath;
}

/** A reference to a secret store that nobody describes. */
export interface LostReference {
  readonly store: string;
  readonly path: SettingPath;
}

/**
 * What the components want from the environment of the app: secrets of stores that are the
 * environment, and plain references to it.
 */
export function referencesOf(components: readonly Component[]): {
  readonly variables: readonly VariableReference[];
  readonly lost: readonly LostReference[];
} {
  const variables: VariableReference[] = [];
  const lost: LostReference[] = [];
  for (const component of components) {
    for (const [index, item] of component.metadata.entries()) {
      const path = ['components', component.name, 'metadata', index];
      if (item.value.kind === 'environment')
        variables.push({ variable: item.value.variable, path });
      if (item.value.kind !== 'reference') continue;
      const store = component.secretStore ?? DEFAULT_SECRET_STORE;
      const prefix = environmentPrefix(store, components);
      if (!isDescribed(store, components)) lost.push({ store, path });
      else if (prefix !== undefined)
        variables.push({ variable: `${prefix}${item.value.name}`, path });
    }
  }
  return { variables, lost };
}

/** What a store that is the environment puts before names; `undefined` for any other store. */
function environmentPrefix(name: string, components: readonly Component[]): string | undefined {
  const store = components.find((component) => component.name === name);
  if (store === undefined) return isMadeHere(name) ? '' : undefined;
  if (store.type !== ENVIRONMENT_STORE) return undefined;
  return plainValue(store.metadata.find((item) => item.name.toLowerCase() === 'prefix')) ?? '';
}

function isDescribed(name: string, components: readonly Component[]): boolean {
  return isMadeHere(name) || components.some((component) => component.name === name);
}

function isMadeHere(name: string): boolean {
  return name === DEFAULT_SECRET_STORE || name === DEPLOYMENT_SECRET_STORE;
}

function plainValue(item: ComponentItem | undefined): string | undefined {
  return item?.value.kind === 'value' ? item.value.value.reveal() : undefined;
}
