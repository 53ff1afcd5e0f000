import type { Figures } from './report.ts';

const WIDTH = 760;
const LABEL = 150;
const ROW = 18;
const SCALE = WIDTH - LABEL - 130;

/**
 * Draws how long each contender took, a group of bars for each case. The scale is logarithmic: the
 * slowest takes hundreds of times longer.
 */
export function plot(
  cases: readonly { readonly title: string; readonly figures: readonly Figures[] }[],
): string {
  const parts: string[] = [];
  let y = 10;
  for (const { title, figures } of cases) {
    const slowest = Math.max(...figures.map(({ seconds }) => seconds));
    const fastest = Math.min(...figures.map(({ seconds }) => seconds));
    // A bar of a tenth of the fastest time would have no length.
    const length = (seconds: number): number =>
      (Math.log(seconds / (fastest / 2)) / Math.log(slowest / (fastest / 2))) * SCALE;
    y += 22;
    parts.push(`<text x="0" y="${y}" class="title">${escapeText(title)}</text>`);
    y += 8;
    for (const [index, { name, seconds, ratio }] of figures.entries()) {
      const bar = Math.max(length(seconds), 2).toFixed(1);
      const kind = index === 0 ? 'own' : name === 'floor' ? 'floor' : 'peer';
      const times = index === 0 ? '' : `  ${ratio.toFixed(ratio < 10 ? 1 : 0)} ×`;
      parts.push(
        `<text x="${LABEL - 8}" y="${y + 12}" text-anchor="end">${escapeText(name)}</text>`,
        `<rect x="${LABEL}" y="${y + 2}" width="${bar}" height="${ROW - 5}" class="${kind}"/>`,
        `<text x="${LABEL + Number(bar) + 6}" y="${y + 12}">${seconds.toFixed(2)} s${times}</text>`,
      );
      y += ROW;
    }
  }
  const height = y + 14;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="How long each tool takes, by case">
<style>
  text { font: 12px system-ui, sans-serif; fill: #24292f }
  .title { font-weight: 600; font-size: 13px }
  .own { fill: #0969da } .peer { fill: #afb8c1 } .floor { fill: #d4a72c }
  .page { fill: #fff }
</style>
<rect class="page" width="${WIDTH}" height="${height}"/>
${parts.join('\n')}
</svg>
`;
}

function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
