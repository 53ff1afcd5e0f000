import { stripVTControlCharacters } from 'node:util';
import type { CopyProgress } from '../../copiers/image-copier.ts';
import type { Logger } from '../../log.ts';
import type { RunEvent } from '../../mirror/run.ts';
import { formatBytes, formatDuration, plural, printable } from './format.ts';
import type { Terminal } from './terminal.ts';

/** How a run in progress shows itself. */
export interface ProgressDisplay {
  onEvent(event: RunEvent): void;
  /** Prints above the status, without tearing it. */
  print(write: () => void): void;
  stop(): void;
}

/** A status line where somebody looks on, a line in the log now and then where nobody does. */
export function progressFor(terminal: Terminal, now: () => number): ProgressDisplay {
  const { stderr: stream, logger } = terminal;
  return stream.isTTY ? terminalProgress({ stream, now }) : logProgress({ logger, now });
}

/** What is known at a moment about a run in progress. */
export class ProgressState {
  #images = 0;
  /** By image: one that the target lost before publishing is told of twice. */
  readonly #finished = new Set<string>();
  #bytesOfFinished = 0;
  readonly #copying = new Map<string, CopyProgress>();
  readonly #startedAt: number;

  constructor(now: number) {
    this.#startedAt = now;
  }

  onEvent(event: RunEvent): void {
    switch (event.type) {
      case 'started':
        this.#images = event.images;
        break;
      case 'step':
        break;
      case 'progress':
        this.#copying.set(event.image, event.progress);
        break;
      case 'finished':
        this.#finished.add(event.report.image);
        this.#bytesOfFinished += this.#copying.get(event.report.image)?.doneBytes ?? 0;
        this.#copying.delete(event.report.image);
        break;
    }
  }

  /** `3 of 12 images · 1.2 GB of 3.4 GB · 85 MB/s · 25 s left · teradata:3.1.4 40 %`. */
  describe(now: number): string {
    const copies = [...this.#copying];
    const done = copies.reduce((sum, [, { doneBytes }]) => sum + doneBytes, this.#bytesOfFinished);
    const total = copies.reduce(
      (sum, [, { totalBytes }]) => sum + totalBytes,
      this.#bytesOfFinished,
    );
    const parts = [`${this.#finished.size} of ${plural(this.#images, 'image')}`];
    const elapsed = now - this.#startedAt;
    if (total > 0) parts.push(`${formatBytes(done)} of ${formatBytes(total)}`);
    if (done > 0 && elapsed > 500) {
      const rate = (done / elapsed) * 1000;
      parts.push(`${formatBytes(rate)}/s`);
      // Known sizes only: images not yet looked at are not in the total, so no promise before that.
      if (total > done) parts.push(`${formatDuration(((total - done) / rate) * 1000)} left`);
    }
    const current = copies
      .toSorted(([, a], [, b]) => b.totalBytes - b.doneBytes - (a.totalBytes - a.doneBytes))
      .map(([image, { doneBytes, totalBytes }]) => {
        const name = image.slice(image.lastIndexOf('/') + 1);
        return totalBytes > 0 ? `${name} ${Math.floor((doneBytes / totalBytes) * 100)} %` : name;
      });
    if (current.length > 0) parts.push(current.join(', '));
    return printable(parts.join(' · '));
  }
}

interface DisplayOptions {
  readonly stream: NodeJS.WriteStream;
  readonly now: () => number;
}

/** One line at the bottom of a terminal, redrawn in place. */
export function terminalProgress({ stream, now }: DisplayOptions): ProgressDisplay {
  const state = new ProgressState(now());
  let isDrawn = false;
  const clear = (): void => {
    if (isDrawn) stream.write('\r\u001b[2K');
    isDrawn = false;
  };
  const draw = (): void => {
    clear();
    const line = stripVTControlCharacters(state.describe(now()));
    const width = Math.max(stream.columns - 1, 20);
    stream.write(line.length > width ? `${line.slice(0, width - 1)}…` : line);
    isDrawn = true;
  };
  const timer = setInterval(draw, 120);
  timer.unref();
  return {
    onEvent: (event) => state.onEvent(event),
    print: (write) => {
      clear();
      write();
    },
    stop: () => {
      clearInterval(timer);
      clear();
    },
  };
}

const LOG_INTERVAL_MS = 15_000;

/** A line now and then, for a log that somebody reads afterwards. */
export function logProgress({
  logger,
  now,
}: {
  readonly logger: Logger;
  readonly now: () => number;
}): ProgressDisplay {
  const state = new ProgressState(now());
  const timer = setInterval(() => logger.info(state.describe(now())), LOG_INTERVAL_MS);
  timer.unref();
  return {
    onEvent: (event) => state.onEvent(event),
    print: (write) => {
      write();
    },
    stop: () => clearInterval(timer),
  };
}
