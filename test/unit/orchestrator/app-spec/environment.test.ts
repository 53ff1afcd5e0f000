import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { appEnvironment } from '../../../../src/orchestrator/app-spec/environment.ts';
import { Secret } from '../../../../src/secret.ts';
import { MINIMAL, load } from '../../../support/orchestrator/config.ts';

type Env = Readonly<Record<string, string>>;

/** Secrets marked, so that it is seen what is one. */
async function environment(text: string = MINIMAL, env: Env = {}): Promise<Env> {
  const variables = appEnvironment('teradata', await load(text, { env }), env);
  return Object.fromEntries(
    Object.entries(variables).map(([name, value]) => [
      name,
      value instanceof Secret ? `secret ${value.reveal()}` : value,
    ]),
  );
}

const ITEM = '      - { name: secretKey, secretKeyRef: { name: BUCKET_KEY } }\n';

describe("an app's environment", () => {
  test('serves apps of the older and the newer generation', async () => {
    assert.deepEqual(await environment(), {
      ATLAN_APPLICATION_NAME: 'teradata',
      ATLAN_DEPLOYMENT_NAME: 'prod',
      ATLAN_TEMPORAL_HOST: 'acme-temporal.atlan.com:443',
      ATLAN_TEMPORAL_TLS_ENABLED: 'true',
      ATLAN_TEMPORAL_NAMESPACE: 'default',
      ATLAN_WORKFLOW_HOST: 'acme-temporal.atlan.com',
      ATLAN_WORKFLOW_PORT: '443',
      ATLAN_WORKFLOW_TLS_ENABLED: 'true',
      ATLAN_WORKFLOW_NAMESPACE: 'default',
      ATLAN_AUTH_ENABLED: 'true',
      ATLAN_AUTH_CLIENT_ID: 'the-client',
      ATLAN_AUTH_CLIENT_SECRET: 'secret the-secret',
      ATLAN_AUTH_URL: 'https://acme.atlan.com/auth/realms/default/protocol/openid-connect/token',
      ATLAN_AUTH_TOKEN_URL:
        'https://acme.atlan.com/auth/realms/default/protocol/openid-connect/token',
      ATLAN_AUTH_BASE_URL: 'https://acme.atlan.com',
      ATLAN_BASE_URL: 'https://acme.atlan.com',
      ATLAN_DOMAIN_NAME: 'acme.atlan.com',
      ENABLE_ATLAN_UPLOAD: 'true',
      UPSTREAM_OBJECT_STORE_NAME: 'atlan-objectstore',
      DEPLOYMENT_OBJECT_STORE_NAME: 'objectstore',
      SECRET_STORE_NAME: 'secretstore',
      ATLAN_APP_HTTP_HOST: '0.0.0.0',
      ATLAN_APP_HTTP_PORT: '8000',
    });
  });

  test('follows the orchestrator to another Temporal', async () => {
    const env = await environment(
      `${MINIMAL}orchestrator: { temporal: { address: "[::1]:7233", tls: false, namespace: n } }\n`,
    );
    assert.deepEqual(
      ['HOST', 'PORT', 'TLS_ENABLED', 'NAMESPACE'].map((name) => env[`ATLAN_WORKFLOW_${name}`]),
      ['[::1]', '7233', 'false', 'n'],
    );
    assert.deepEqual(
      ['HOST', 'TLS_ENABLED'].map((name) => env[`ATLAN_TEMPORAL_${name}`]),
      ['[::1]:7233', 'false'],
    );
  });

  test('holds what the components take from it, and the proxies, as secrets; nothing else', async () => {
    const env = await environment(`${MINIMAL}${ITEM}`, {
      BUCKET_KEY: 'k',
      HTTPS_PROXY: 'http://user:pw@proxy:3128',
      no_proxy: '',
      HOME: '/root',
      AWS_SECRET_ACCESS_KEY: 'not for apps',
    });
    const more = Object.entries(env).filter(([name]) => !/^(?:ATLAN|ENABLE)_|_NAME$/.test(name));
    assert.deepEqual(Object.fromEntries(more), {
      BUCKET_KEY: 'secret k',
      HTTPS_PROXY: 'secret http://user:pw@proxy:3128',
    });
  });

  test('is not what a component of the same name makes of it', async () => {
    const item = ITEM.replace('BUCKET_KEY', 'ATLAN_AUTH_CLIENT_SECRET');
    const env = await environment(`${MINIMAL}${item}`);
    assert.equal(env['ATLAN_AUTH_CLIENT_SECRET'], 'secret the-secret');
  });
});
