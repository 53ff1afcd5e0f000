import type { TestContext } from 'node:test';
import { chromium, type Browser } from 'playwright-core';
import { binary } from './binaries.ts';

/** What keeps Chromium to the pages it is shown, as root and without a display. */
const ARGUMENTS: readonly string[] = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** Starts a real Chromium with an empty profile; it is gone with the test. */
export async function startBrowser(t: Pick<TestContext, 'after'>): Promise<Browser> {
  const browser = await chromium.launch({
    executablePath: binary('chromium'),
    args: [...ARGUMENTS],
  });
  t.after(() => browser.close());
  return browser;
}
