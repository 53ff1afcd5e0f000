import { Secret } from '../secret.ts';
import { parsePostUrl } from './addresses.ts';
import type { Parcel } from './send.ts';

/**
 * Metrics for a Pushgateway. They are posted, not put: a metric that is not among them keeps its
 * value there, so that the time of the last success survives runs that know of none.
 */
export function pushgatewayParcel(url: Secret, metrics: string, map: string): Parcel {
  return {
    to: 'the Pushgateway of report.pushgateway',
    url: new Secret(groupUrl(url.reveal(), map)),
    contentType: 'text/plain; version=0.0.4; charset=utf-8',
    body: metrics,
    hint: 'Check report.pushgateway.',
  };
}

function groupUrl(text: string, map: string): string {
  const url = parsePostUrl(text);
  if (url.pathname.includes('/metrics/job/')) return url.href;
  // A location has slashes, which a path of labels can carry in base64 only.
  const label = `map@base64/${Buffer.from(map).toString('base64url')}`;
  url.pathname = `${url.pathname.replace(/\/+$/, '')}/metrics/job/sdr_mirror/${label}`;
  return url.href;
}
