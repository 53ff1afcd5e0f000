import { html, type Markup } from './markup.ts';

/** `2026-11-21 07:53 UTC`: the same to all who read it, wherever they are. */
export function moment(time: string): Markup {
  return html`<time datetime="${time}">${momentText(time)}</time>`;
}

export function momentText(time: string): string {
  const date = new Date(time);
  return Number.isNaN(date.getTime())
    ? time
    : `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
