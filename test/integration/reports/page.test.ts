import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { test } from 'node:test';
import type { Browser, Page } from 'playwright-core';
import { renderPage } from '../../../src/reports/page/page.ts';
import type { RunRecord } from '../../../src/reports/run-record.ts';
import { HOSTILE, hostileRecord } from '../../support/hostile-record.ts';
import { eventfulRecord, imageRecord, recordOf } from '../../support/run-record.ts';
import { requireServer } from '../../support/servers/binaries.ts';
import { startBrowser } from '../../support/servers/browser.ts';

/** What `look.js` gives. */
interface Look {
  readonly faint: readonly string[];
  readonly overflowing: readonly string[];
  readonly broken: readonly string[];
  readonly hidden: readonly string[];
  readonly texts: number;
}

const LOOK = readFileSync(join(import.meta.dirname, 'look.js'), 'utf8');

/** In CSS pixels; that of paper is A4's. */
const WIDTHS = { desk: 1280, phone: 360, 'small phone': 320, paper: 794 } as const;
const RECORDS: Readonly<Record<string, () => RunRecord>> = {
  'everything at once': eventfulRecord,
  'nothing but foreign malice': hostileRecord,
  'nothing to do': () => recordOf([imageRecord('atlan-db2-app:1.1.0')]),
  'large numbers': () => {
    const record = eventfulRecord();
    const totals = { ...record.totals, unchanged: 12_345, bytes: 999_400_000_000 };
    return { ...record, totals };
  },
};

/** A page of the browser, and everything that happened in it besides being shown. */
async function show(
  browser: Browser,
  record: RunRecord,
  width: number,
): Promise<{ readonly page: Page; readonly events: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'report-page-'));
  const file = join(folder, 'report.html');
  await writeFile(file, renderPage(record));
  const context = await browser.newContext({ viewport: { width, height: 800 } });
  const page = await context.newPage();
  const { href } = pathToFileURL(file);
  const events: string[] = [];
  page.on('console', (message) => events.push(`console: ${message.text()}`));
  page.on('dialog', (dialog) => {
    events.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on('pageerror', (error) => events.push(`error: ${error.message}`));
  page.on('requestfinished', (request) => {
    if (request.url() !== href) events.push(`loaded: ${request.url()}`);
  });
  page.on('requestfailed', (request) => {
    events.push(`not loaded, ${request.failure()?.errorText}: ${request.url()}`);
  });
  await page.goto(href);
  await rm(folder, { recursive: true });
  return { page, events };
}

/** Of hostile text words may be broken anywhere: there is no other way to show them. */
function assertPleasant({ faint, overflowing, broken, hidden, texts }: Look): void {
  assert.deepEqual(
    { faint, overflowing, broken, hidden },
    { faint: [], overflowing: [], broken: [], hidden: [] },
  );
  assert.ok(texts > 10, `${texts} texts`);
}

test('the page of a report in a real browser', async (t) => {
  if (!requireServer(t, 'chromium')) return;
  const browser = await startBrowser(t);

  for (const [name, recordFor] of Object.entries(RECORDS)) {
    for (const [device, width] of Object.entries(WIDTHS)) {
      await t.test(`${name}, readable at the width of a ${device}, light and dark`, async () => {
        const { page, events } = await show(browser, recordFor(), width);
        const media = device === 'paper' ? 'print' : 'screen';
        for (const colorScheme of ['light', 'dark'] as const) {
          await page.emulateMedia({ media, colorScheme });
          assertPleasant(await page.evaluate<Look>(LOOK));
        }
        assert.deepEqual(events, []);
        await page.close();
      });
    }
  }

  await t.test('what others wrote is text, and nothing of it runs or loads', async () => {
    const { page, events } = await show(browser, hostileRecord(), WIDTHS.desk);
    const shown = await page.evaluate<string>('document.body.textContent');
    for (const text of HOSTILE) {
      const visible = text
        .replace('\u202e', String.raw`\u202e`)
        .replace('\u001b', String.raw`\u001b`);
      assert.ok(shown.includes(visible), visible);
    }
    assert.equal(await page.title(), 'The run could not start · sdr-mirror');
    const elements = await page
      .locator('script, img, iframe, a, link, object, embed, form')
      .count();
    assert.equal(elements, 0);
    assert.deepEqual(events, []);
  });

  await t.test('even what got in would neither run nor load: the page forbids it', async () => {
    const { page, events } = await show(browser, eventfulRecord(), WIDTHS.desk);
    await page.evaluate(`
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      const image = document.createElement('img');
      image.src = 'https://collector.example/x';
      document.body.append(script, image);
    `);
    assert.match(await page.title(), /2 of 9 images failed/);
    assert.deepEqual(
      events.map((event) => /Executing inline script|Loading the image/.exec(event)?.[0] ?? event),
      [
        'Executing inline script',
        'Loading the image',
        'not loaded, csp: https://collector.example/x',
      ],
    );
  });
});
