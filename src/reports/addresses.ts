import { ConfigError } from '../errors.ts';
import type { NotifyFormat } from './settings.ts';

/**
 * A URL that something is posted to.
 *
 * @throws ConfigError that does not repeat the text: it is a secret
 */
export function parsePostUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new ConfigError('is not a URL that starts with https:// or http://');
  }
  if (url.protocol === 'http:' && formatFor(text) !== 'json') {
    throw new ConfigError('starts with http://, and who has this URL can post: use https://');
  }
  return url;
}

const SLACK = ['hooks.slack.com', 'hooks.slack-gov.com'];
// Connectors of Microsoft 365, and the workflows of Power Automate that take their place.
const TEAMS = ['webhook.office.com', 'logic.azure.com', 'api.powerplatform.com'];

/** What a webhook most likely understands, by its host. */
export function formatFor(webhook: string): NotifyFormat {
  const host = URL.parse(webhook)?.hostname ?? '';
  const isOf = (domain: string): boolean => host === domain || host.endsWith(`.${domain}`);
  if (SLACK.some(isOf)) return 'slack';
  return TEAMS.some(isOf) ? 'teams' : 'json';
}
