import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { NotifySettings } from '../../../src/reports/settings.ts';
import { load, MINIMAL, problems } from '../../support/config.ts';

const SLACK = 'https://hooks.slack.com/services/T0/B0/marked-7f3a';

async function notifyOf(section: string): Promise<NotifySettings> {
  const { notify } = await load(`${MINIMAL}notify: ${section}\n`);
  assert.ok(notify);
  return notify;
}

describe('report', () => {
  test('paths start at the folder of the file, and need not exist', async () => {
    const { report } = await load(
      `${MINIMAL}report: { json: out/report.json, html: /srv/report.html, metrics: mirror.prom }\n`,
    );
    assert.deepEqual(report, {
      json: '/srv/job/out/report.json',
      html: '/srv/report.html',
      metrics: '/srv/job/mirror.prom',
      besideMap: false,
    });
  });

  test("each shard has a file of its own by the job's index", async () => {
    const text = `${MINIMAL}report: { json: "report-\${JOB_COMPLETION_INDEX:-0}.json" }\n`;
    const { report } = await load(text, { env: { JOB_COMPLETION_INDEX: '7' } });
    assert.equal(report.json, '/srv/job/report-7.json');
  });

  test('the Pushgateway is a secret, from the text or a mounted file', async () => {
    const url = 'http://ci:marked-7f3a@pushgateway:9091';
    const files = { '/run/push': `${url}\n` };
    const ofText = await load(`${MINIMAL}report: { pushgateway: "${url}" }\n`);
    const ofFile = await load(`${MINIMAL}report: { pushgatewayFile: /run/push }\n`, { files });
    for (const { report } of [ofText, ofFile]) {
      assert.equal(report.pushgateway?.reveal(), url);
      assert.doesNotMatch(JSON.stringify(report), /marked/);
    }
  });
});

describe('notify', () => {
  test('all events, and the format of the host', async () => {
    for (const [webhook, format] of [
      [SLACK, 'slack'],
      ['https://hooks.slack-gov.com/services/T0', 'slack'],
      ['https://acme.webhook.office.com/webhookb2/x', 'teams'],
      ['https://prod-12.westus.logic.azure.com:443/workflows/x', 'teams'],
      ['https://x.environment.api.powerplatform.com/workflows/x', 'teams'],
      ['https://alerts.example/hook', 'json'],
      ['https://hooks.slack.com.evil.example/services', 'json'],
      ['http://alerts.monitoring/hook', 'json'],
    ] as const) {
      const notify = await notifyOf(`{ webhook: "${webhook}" }`);
      assert.equal(notify.format, format, webhook);
      assert.deepEqual(notify.on, ['failure', 'change', 'recovery']);
    }
  });

  test('what is written wins over the host', async () => {
    const notify = await notifyOf(
      '{ webhook: https://chat.example/hooks/x, format: slack, on: [failure] }',
    );
    assert.deepEqual([notify.format, notify.on], ['slack', ['failure']]);
  });

  test('problems are told without the URL', async () => {
    for (const [section, expected] of [
      ['{ on: [failure] }', /notify: says not where messages go/],
      ['{ webhook: marked-7f3a }', /notify\.webhook: .*is not a URL that starts with https/],
      [`{ webhook: "${SLACK.replace('https', 'http')}" }`, /notify\.webhook: .*use https:/],
      [`{ webhook: "${SLACK}", on: [] }`, /notify\.on: .*names no event/],
      [`{ webhook: "${SLACK}", on: [sucess] }`, /notify\.on\[0\]: .*"sucess"/],
    ] as const) {
      const found = (await problems(`${MINIMAL}notify: ${section}\n`)).join('\n');
      assert.match(found, expected);
      assert.doesNotMatch(found, /marked/);
    }
  });
});
