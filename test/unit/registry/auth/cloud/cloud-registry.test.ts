import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cloudRegistryOf } from '../../../../../src/registry/auth/cloud/cloud-registry.ts';

const ecr = (region: string, fips = false, dualStack = false): object => ({
  cloud: 'amazon',
  account: '123456789012',
  region,
  fips,
  dualStack,
});
const acr = (host: string, audience: string): object => ({
  cloud: 'azure',
  host,
  scope: `https://${audience}/.default`,
});

test('a cloud is known by the whole name of its registries', () => {
  const known: Readonly<Record<string, object>> = {
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com': ecr('eu-west-1'),
    '123456789012.dkr.ecr.us-gov-west-1.amazonaws.com': ecr('us-gov-west-1'),
    '123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn': ecr('cn-north-1'),
    '123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu': ecr('eusc-de-east-1'),
    '123456789012.dkr.ecr.us-iso-east-1.c2s.ic.gov': ecr('us-iso-east-1'),
    '123456789012.dkr.ecr-fips.us-east-1.amazonaws.com': ecr('us-east-1', true),
    '123456789012.dkr-ecr.us-east-1.on.aws': ecr('us-east-1', false, true),
    '123456789012.dkr-ecr-fips.us-east-1.on.aws': ecr('us-east-1', true, true),
    'acme.azurecr.io': acr('acme.azurecr.io', 'containerregistry.azure.net'),
    'acme-a1b2c3.azurecr.io': acr('acme-a1b2c3.azurecr.io', 'containerregistry.azure.net'),
    'acme.azurecr.cn': acr('acme.azurecr.cn', 'management.chinacloudapi.cn'),
    'acme.azurecr.us': acr('acme.azurecr.us', 'management.usgovcloudapi.net'),
    'gcr.io': { cloud: 'google' },
    'eu.gcr.io': { cloud: 'google' },
    'us-docker.pkg.dev': { cloud: 'google' },
    'europe-west1-docker.pkg.dev': { cloud: 'google' },
  };
  for (const [host, registry] of Object.entries(known)) {
    assert.deepEqual(cloudRegistryOf(host), registry, host);
  }
});

test('no other host gets what belongs to a cloud', () => {
  for (const host of [
    'docker.io',
    'ghcr.io',
    'public.ecr.aws',
    'registry.example',
    '127.0.0.1:5000',
    // Not an account, or not a region.
    '12345.dkr.ecr.eu-west-1.amazonaws.com',
    '123456789012.dkr.ecr.eu-west-1.evil.amazonaws.com',
    '123456789012.dkr.ecr.amazonaws.com',
    // A cloud's name at the beginning, in the middle, or without its dot.
    '123456789012.dkr.ecr.eu-west-1.amazonaws.com.evil.example',
    'evil.example.123456789012.dkr.ecr.eu-west-1.amazonaws.com',
    'acme.azurecr.io.evil.example',
    'evil.example.acme.azurecr.io',
    'acmeazurecr.io',
    'azurecr.io',
    'gcr.io.evil.example',
    'evilgcr.io',
    'evil.gcr.io.example',
    'us-docker.pkg.dev.evil.example',
    'evil.us-docker.pkg.dev',
    'docker.pkg.dev',
    // Another port is another server.
    'acme.azurecr.io:8443',
    'gcr.io:5000',
  ]) {
    assert.equal(cloudRegistryOf(host), undefined, host);
  }
});
