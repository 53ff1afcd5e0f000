import type { ContainerEngine } from '../../src/orchestrator/engine/container-engine.ts';

/** The process that used the engine is no more. Never to be caught by the code under test. */
export class ProcessDied extends Error {
  override readonly name = 'ProcessDied';
}

/** A process's view of an engine, with the count of what it changed there. */
export interface MortalEngine {
  readonly engine: ContainerEngine;
  /** What was changed so far: `create app.green`, `rename app`. */
  readonly effects: readonly string[];
  /** The process dies now; what it has asked for may still be carried out. */
  readonly die: () => void;
}

const EFFECTS: ReadonlySet<PropertyKey> = new Set<keyof ContainerEngine>([
  'pull',
  'removeImage',
  'create',
  'start',
  'rename',
  'stop',
  'remove',
  'ensureNetwork',
  'removeNetwork',
  'connect',
  'disconnect',
]);

/**
 * The engine as seen by a process that dies as soon as it has made its nth change, before it
 * learns the outcome. Every call it still makes rejects. Works with any engine.
 *
 * @param deathAfter - `Infinity` for a process that lives, to count its changes
 */
export function mortal(engine: ContainerEngine, deathAfter: number): MortalEngine {
  const effects: string[] = [];
  let isDead = false;
  const view = new Proxy(engine, {
    get(target, property) {
      const value: unknown = Reflect.get(target, property, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        if (isDead) throw new ProcessDied(`${String(property)} was called by a dead process`);
        const result: unknown = Reflect.apply(value, target, args);
        if (!EFFECTS.has(property) || !(result instanceof Promise)) return result;
        return effect(property, args, result);
      };
    },
  });
  const effect = async (
    property: PropertyKey,
    args: readonly unknown[],
    result: Promise<unknown>,
  ): Promise<unknown> => {
    const outcome = await result;
    effects.push(describe(property, args));
    if (effects.length >= deathAfter) isDead = true;
    if (isDead) throw new ProcessDied(`died after change ${effects.length}: ${effects.at(-1)}`);
    return outcome;
  };
  const die = (): void => {
    isDead = true;
  };
  return { engine: view, effects, die };
}

function describe(property: PropertyKey, args: readonly unknown[]): string {
  const named = args
    .slice(0, property === 'rename' ? 2 : 1)
    .map((argument) =>
      typeof argument === 'string'
        ? argument.slice(0, 40)
        : ((argument as { readonly name?: string } | undefined)?.name ?? ''),
    );
  return [String(property), ...named].join(' ').trim();
}
