import { errorMessage, MirrorError } from '../../errors.ts';
import type { CommandFailureCode, Failure, Step } from '../commands.ts';
import type { SwapStep } from '../swap/next-step.ts';
import { UnhealthyError } from '../swap/unhealthy-error.ts';

/** A command that cannot be carried out as things stand. */
export class CommandRefused extends MirrorError<CommandFailureCode> {
  constructor(code: CommandFailureCode, message: string, retryable: boolean = false) {
    super(code, message, { retryable });
  }
}

/** What of an error goes into a result. */
export function toFailure(error: unknown, step: Step): Failure {
  const known = error instanceof MirrorError ? error : undefined;
  return {
    code: known?.code ?? 'BUG',
    message: errorMessage(error),
    retryable: known?.retryable ?? true,
    step,
    logs: error instanceof UnhealthyError ? error.logs : [],
  };
}

/** How commands name the step of a swap. */
export function stepOf(at: SwapStep['step'] | undefined): Step {
  switch (at) {
    case undefined:
    case 'take-back':
    case 'discard':
      return 'recover';
    case 'revive':
    case 'stop-old':
      return 'start';
    case 'step-aside':
    case 'promote':
      return 'commit';
    case 'create':
    case 'start':
    case 'gate':
    case 'retire':
      break;
  }
  return at;
}
