import { errorMessage } from '../../errors.ts';
import type { Options } from '../../options.ts';
import type { Duty } from '../duty.ts';
import { makeMove } from './make-move.ts';
import { nextMove, watch, type MoveTimes, type Watch } from './next-move.ts';
import type { OwnWorld } from './own-world.ts';
import { look, type Role, type Scene } from './role.ts';

/** What the role loop works with. */
export interface RoleWorld extends OwnWorld {
  /** The id of the container this process runs in. */
  readonly ownId: string;
  /** What only the active orchestrator does. */
  readonly duty: Duty;
  readonly times: MoveTimes;
}

const LOOK_EVERY_MS = 1000;

/**
 * Lives the role that the container's name gives, looked up again every second, until the signal
 * ends it: on duty under the plain name, and off duty, watching, under any other.
 *
 * An engine that cannot be reached changes no name, so whoever was active stays it.
 *
 * @throws nothing but what `duty.stop` throws at the end
 */
export async function runRoleLoop(world: RoleWorld, { signal }: Options = {}): Promise<void> {
  const loop = new RoleLoop(world);
  try {
    for (;;) {
      signal?.throwIfAborted();
      await loop.turn(signal);
      await world.clock.sleep(LOOK_EVERY_MS, signal);
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    await world.duty.stop();
  }
}

class RoleLoop {
  readonly #world: RoleWorld;
  #watch: Watch | undefined;
  #trouble: string | undefined;

  constructor(world: RoleWorld) {
    this.#world = world;
  }

  /** One look, and what follows from it. */
  async turn(signal: AbortSignal | undefined): Promise<void> {
    const { engine, ownId, logger, times, clock } = this.#world;
    try {
      const scene = await look(engine, ownId, signal === undefined ? {} : { signal });
      if (scene === undefined) throw new Error(`the engine knows no container ${ownId}`);
      await this.#assume(scene);
      this.#watch = watch(this.#watch, scene, clock.now());
      const move = nextMove(scene, this.#watch, times, clock.now());
      await makeMove(this.#world, scene, move, signal === undefined ? {} : { signal });
      this.#trouble = undefined;
    } catch (error) {
      signal?.throwIfAborted();
      const trouble = errorMessage(error);
      // Once for each trouble, not every second of it.
      if (trouble !== this.#trouble)
        logger.warn('the own container could not be looked after', { trouble });
      this.#trouble = trouble;
    }
  }

  /** Takes up the duty, or lays it down, as the role says. */
  async #assume(scene: Scene): Promise<void> {
    const { board, duty, logger } = this.#world;
    if (board.role !== scene.role) {
      logger.info(`this orchestrator is ${describe(scene.role)}`, { container: scene.self.name });
      board.role = scene.role;
      this.#watch = undefined;
    }
    if (scene.role === 'active') await duty.start();
    else await duty.stop();
  }
}

function describe(role: Role): string {
  switch (role) {
    case 'active':
      return 'active';
    case 'standby':
      return 'on standby until it is given the name';
    case 'watcher':
      break;
  }
  return 'watching its successor';
}
