import { EngineError } from '../../errors.ts';
import type { Options } from '../../options.ts';
import {
  EngineConnection,
  type EngineAnswer,
  type EngineCall,
  type EngineStream,
} from './engine-connection.ts';
import { negotiate, type Session } from './session.ts';

/** A request whose path has no version: it is the one agreed on. */
export type VersionedCall = Omit<EngineCall, 'signal'> & Options;

/** Requests in the version of the API that was agreed on with the engine. */
export class EngineRequests {
  readonly location: string;
  readonly connection: EngineConnection;
  #session: Session | undefined;

  constructor(socketPath: string, settings: { readonly silenceMs?: number } = {}) {
    this.location = `unix://${socketPath}`;
    this.connection = new EngineConnection(socketPath, settings);
  }

  /** What was agreed on; agrees first if nothing is, or the engine may have been replaced. */
  async session(options: Options = {}): Promise<Session> {
    this.#session ??= await negotiate(this.connection, this.location, options);
    return this.#session;
  }

  /** Asks, and gives the answer whatever its status. @throws EngineError `ENGINE_UNREACHABLE` */
  async send(call: VersionedCall): Promise<EngineAnswer> {
    return this.#inSession(call, async (versioned) => this.connection.send(versioned));
  }

  /** Asks, and gives the answer when it begins. @throws EngineError `ENGINE_UNREACHABLE` */
  async open(call: VersionedCall): Promise<EngineStream> {
    return this.#inSession(call, async (versioned) => this.connection.open(versioned));
  }

  async #inSession<T>(call: VersionedCall, ask: (call: EngineCall) => Promise<T>): Promise<T> {
    const { prefix } = await this.session(call);
    try {
      // Podman's own API has its version in the path.
      const path = call.path.startsWith('/v') ? call.path : `${prefix}${call.path}`;
      return await ask({ ...call, path });
    } catch (error) {
      if (error instanceof EngineError) this.#session = undefined;
      throw error;
    }
  }
}
