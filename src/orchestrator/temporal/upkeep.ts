import type { NativeConnection } from '@temporalio/worker';
import { ControlPlaneError } from '../../errors.ts';
import type { Clock } from '../../registry/http/clock.ts';
import { probe, type TemporalSettings } from './connection.ts';
import { pause } from './pause.ts';
import type { ShownTokens } from './shown-tokens.ts';
import type { StatusBoard } from './status-board.ts';
import type { Token, TokenSource } from './tokens.ts';

/** What it takes to keep a connection usable. */
export interface Upkeep {
  readonly settings: TemporalSettings;
  /** None: no authentication. */
  readonly tokens: TokenSource | undefined;
  readonly board: StatusBoard;
  readonly clock: Clock;
}

/** The connection it is, and what it has shown to Temporal. */
export interface Kept {
  readonly connection: NativeConnection;
  readonly shown: ShownTokens;
}

const PROBE_EVERY_MS = 15_000;
const TOKEN_RETRY_MS = 30_000;

/** Gives the connection each new token, until the signal ends it. */
export async function keepTokenFresh(
  { tokens, board, clock }: Upkeep,
  kept: Kept,
  first: Token | undefined,
  signal: AbortSignal,
): Promise<void> {
  if (tokens === undefined || first === undefined) return;
  let token = first;
  while (Number.isFinite(token.refreshAt)) {
    await pause(Math.max(0, token.refreshAt - clock.now()), clock, signal);
    if (signal.aborted) return;
    try {
      token = await tokens.token({ signal });
      await show(token, kept);
    } catch (error) {
      if (signal.aborted) return;
      board.failed(error);
      await pause(TOKEN_RETRY_MS, clock, signal);
    }
  }
}

/** Asks the server now and then, so that the board tells the truth, until the signal ends it. */
export async function keepProbing(parts: Upkeep, kept: Kept, signal: AbortSignal): Promise<void> {
  const { settings, tokens, board, clock } = parts;
  for (;;) {
    await pause(PROBE_EVERY_MS, clock, signal);
    if (signal.aborted) return;
    try {
      await probe(kept.connection, settings, kept.shown);
      board.polling();
    } catch (error) {
      if (signal.aborted) return;
      board.failed(error);
      if (isRefusal(error) && tokens !== undefined) await replaceToken(parts, kept, signal);
    }
  }
}

/** A token may be revoked before it expires; with a new one the worker does not have to fail first. */
async function replaceToken(
  { tokens, board }: Upkeep,
  kept: Kept,
  signal: AbortSignal,
): Promise<void> {
  if (tokens === undefined) return;
  try {
    tokens.refused(await tokens.token({ signal }));
    await show(await tokens.token({ signal }), kept);
  } catch (error) {
    if (!signal.aborted) board.failed(error);
  }
}

async function show(token: Token, { connection, shown }: Kept): Promise<void> {
  shown.add(token);
  await connection.setApiKey(token.value.reveal());
}

/** Whether the server did not take the token. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ControlPlaneError && error.code === 'TEMPORAL_REFUSED';
}
