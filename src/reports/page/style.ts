/**
 * The page's style sheet. Colours keep to 4.5:1 against what they stand on, in both schemes (WCAG 2.2
 * AA, 1.4.3); a test measures it in a browser.
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --ground: #f6f6f3; --card: #ffffff; --text: #1d2023; --quiet: #596069; --line: #e2e3de;
  --good: #17713f; --bad: #b3261e; --warn: #825400; --calm: #2457a6;
  --discover: #b9bec6; --verify: #8ea6d8; --copy: #2f6fce;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #141619; --card: #1c1f23; --text: #e7e8ea; --quiet: #a2a8b1; --line: #2d3137;
    --good: #62d099; --bad: #ff938a; --warn: #eeb75a; --calm: #8db6f6;
    --discover: #565c66; --verify: #6780b8; --copy: #79abf5;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body {
  margin: 0 auto; max-width: 68rem; padding: 2.5rem 1.25rem 3rem;
  background: var(--ground); color: var(--text);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif;
  overflow-wrap: anywhere;
}
code, .digest, .code { font: 0.86em/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
h1, h2, h3, p, dl, dd, ul, ol { margin: 0; padding: 0; }
ul, ol { list-style: none; }
time { white-space: nowrap; }
.product { color: var(--quiet); font-weight: 600; letter-spacing: 0.01em; }
.product span { font-weight: 400; }
.product span::before { content: "·"; margin: 0 0.35em; }
h1 { margin: 0.35rem 0 1.1rem; font-size: clamp(1.6rem, 1.2rem + 2vw, 2.3rem); line-height: 1.2; letter-spacing: -0.02em; text-wrap: balance; }
h1::before { content: ""; display: inline-block; width: 0.5em; height: 0.5em; margin-right: 0.4em; border-radius: 50%; background: var(--good); vertical-align: 0.12em; print-color-adjust: exact; -webkit-print-color-adjust: exact; }
h1.failed::before { background: var(--bad); }
h1.interrupted::before { background: var(--warn); }
h2 { margin: 2.75rem 0 0.9rem; font-size: 1.2rem; letter-spacing: -0.01em; }
h3 { font-size: 1rem; font-weight: 600; line-height: 1.4; }
.facts { display: grid; gap: 0.2rem; }
.facts div { display: flex; flex-wrap: wrap; gap: 0 0.75rem; }
.facts dt { flex: 0 0 5rem; color: var(--quiet); }
.facts dd { flex: 1 1 14rem; min-width: 0; }
.notice { margin-top: 1.25rem; padding: 0.7rem 1rem; border: 1px solid var(--line); border-left: 4px solid var(--calm); border-radius: 8px; background: var(--card); }
.notice.warn { border-left-color: var(--warn); }
.notice.bad { border-left-color: var(--bad); }
.notice.good { border-left-color: var(--good); }
.tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(8.5rem, 1fr)); gap: 0.75rem; margin-top: 1.75rem; }
.tile { padding: 0.8rem 1rem; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
.tile strong { display: block; font-size: 1.5rem; font-weight: 600; line-height: 1.25; letter-spacing: -0.02em; font-variant-numeric: tabular-nums; white-space: nowrap; }
.tile span { color: var(--quiet); font-size: 0.875rem; }
.tile.mirrored strong, .tile.recorded strong { color: var(--good); }
.tile.failed strong { color: var(--bad); }
.tile.pending strong, .tile.interrupted strong { color: var(--warn); }
.cards { display: grid; gap: 0.75rem; }
.card { padding: 0.95rem 1.1rem; border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: 10px; background: var(--card); }
.card.pending, .card.unverified { border-left-color: var(--warn); }
.card.mirrored, .card.recorded { border-left-color: var(--good); }
.card p { margin-top: 0.3rem; }
.code { color: var(--bad); font-weight: 600; }
.pending .code, .unverified .code { color: var(--warn); }
.where, .next, .small, .digest, .amount, .axis, .legend { color: var(--quiet); }
.small { font-size: 0.9rem; }
.message { white-space: pre-line; }
.advice { padding-top: 0.5rem; border-top: 1px solid var(--line); }
.card .advice { margin-top: 0.65rem; }
.advice strong { margin-right: 0.4em; }
.skipped { margin-top: 0.3rem; padding-left: 1.1rem; list-style: disc; }
.legend, .axis, .amount { font-size: 0.875rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; margin-bottom: 0.75rem; }
.legend span::before { content: ""; display: inline-block; width: 0.75em; height: 0.75em; margin-right: 0.45em; border-radius: 3px; background: var(--copy); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.legend .discover::before { background: var(--discover); }
.legend .verify::before { background: var(--verify); }
.bars li { display: grid; grid-template-columns: minmax(0, 17rem) minmax(0, 1fr) 8.5rem; gap: 0 1rem; align-items: center; padding: 0.3rem 0; }
.bars .name { font-size: 0.9rem; line-height: 1.35; }
.bars svg { width: 100%; height: 0.8rem; border-radius: 4px; background: var(--line); print-color-adjust: exact; -webkit-print-color-adjust: exact; }
.bars .amount { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
rect.discover { fill: var(--discover); }
rect.verify { fill: var(--verify); }
rect.copy { fill: var(--copy); }
.axis { display: flex; justify-content: space-between; margin: 0.2rem 9.5rem 0 18rem; font-variant-numeric: tabular-nums; }
.group { margin-top: 0.9rem; padding: 1rem 1.1rem 0.4rem; border: 1px solid var(--line); border-radius: 12px; background: var(--card); }
h3.bad { color: var(--bad); }
.count { display: inline-block; min-width: 1.7em; margin-left: 0.3em; padding: 0 0.5em; border: 1px solid var(--line); border-radius: 1em; color: var(--quiet); font-size: 0.8rem; font-weight: 500; text-align: center; }
table { width: 100%; margin-top: 0.6rem; border-collapse: collapse; font-size: 0.9375rem; table-layout: fixed; }
th { padding: 0.35rem 0.9rem 0.35rem 0; color: var(--quiet); font-size: 0.8125rem; font-weight: 500; text-align: left; }
th:nth-child(1) { width: 29%; } th:nth-child(3) { width: 15%; } th:nth-child(4) { width: 13%; }
td { padding: 0.6rem 0.9rem 0.6rem 0; border-top: 1px solid var(--line); vertical-align: top; }
td:last-child, th:last-child { padding-right: 0; }
td code { display: block; }
td time { white-space: normal; }
.image { font-weight: 500; }
.new { display: inline-block; padding: 0 0.5em; border-radius: 1em; border: 1px solid currentColor; color: var(--good); font-size: 0.75rem; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--quiet); font-size: 0.875rem; }
@media (max-width: 46rem) {
  body { padding: 1.5rem 1rem 2rem; }
  .tiles { grid-template-columns: repeat(auto-fit, minmax(6.2rem, 1fr)); gap: 0.5rem; }
  .tile { padding: 0.6rem; }
  .tile strong { font-size: 1.15rem; }
  .tile span { font-size: 0.8125rem; overflow-wrap: normal; }
  .bars li { grid-template-columns: minmax(0, 1fr) auto; padding: 0.5rem 0; }
  .bars svg { grid-column: 1 / -1; grid-row: 2; margin-top: 0.25rem; }
  .axis { margin: 0.2rem 0 0; }
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
  table, tbody, tr, td { display: block; }
  tr { padding: 0.7rem 0; border-top: 1px solid var(--line); }
  td { display: grid; grid-template-columns: 6.2rem minmax(0, 1fr); gap: 0 0.6rem; padding: 0.1rem 0; border: 0; }
  td > * { grid-column: 2; }
  td > .new { justify-self: start; }
  td::before { content: attr(data-name); grid-column: 1; grid-row: 1; color: var(--quiet); font-size: 0.8125rem; }
}
@media print {
  :root {
    color-scheme: light;
    --ground: #ffffff; --card: #ffffff; --text: #000000; --quiet: #444444; --line: #cccccc;
    --good: #17713f; --bad: #b3261e; --warn: #825400; --calm: #2457a6;
    --discover: #b9bec6; --verify: #8ea6d8; --copy: #2f6fce;
  }
  body { max-width: none; padding: 0; font-size: 10.5pt; }
  .card, .tile, .notice, .bars li, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; }
  thead { display: table-header-group; }
}
`;
