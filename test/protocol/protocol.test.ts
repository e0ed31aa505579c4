import { readFile } from 'node:fs/promises';

import { describe, expect, it } from 'vitest';

import type { ClusterSettings } from '../../src/contract';
import {
  BUNDLED_PLUGINS,
  clientTls,
  decodeBasicInfo,
  encodeBasicInfo,
  expectedName,
  isHash,
  outletUrl,
  parseOutletTarget,
  pluginNames,
} from '../../src/protocol';

const fixture = (name: string): Promise<Buffer> => readFile(new URL(`../fixtures/${name}`, import.meta.url));

const CLUSTER: ClusterSettings = {
  controlPlane: { host: 'cp.example.com', port: 8005 },
  mtls: 'shared',
  certificate: 'CERT',
  trusted: ['TRUSTED'],
  trustSystem: true,
  maxPayloadBytes: 1,
  labels: {},
};

describe('the plugin list', () => {
  const added = (before: string, after: string): readonly string[] =>
    pluginNames(after, [])
      .filter((name) => !pluginNames(before, []).includes(name))
      .sort();

  it('has every plugin that a real 3.9.3 announces', async () => {
    const real = JSON.parse((await fixture('plugins-kong-3.9.3.json')).toString()) as { name: string }[];
    const announced = pluginNames('3.9.3', []);
    expect(real.map((plugin) => plugin.name).filter((name) => !announced.includes(name))).toEqual([]);
  });

  it('has the Enterprise ones', () => {
    for (const name of ['openid-connect', 'mtls-auth', 'opa', 'canary', 'ai-semantic-cache', 'datakit', 'solace-log']) {
      expect(BUNDLED_PLUGINS).toContain(name);
    }
  });

  it('has for each version what that one bundles, and nothing newer', () => {
    const ofOpenSource =
      'acl acme aws-lambda azure-functions basic-auth bot-detection correlation-id cors datadog file-log grpc-gateway ' +
      'grpc-web hmac-auth http-log ip-restriction jwt key-auth ldap-auth loggly oauth2 opentelemetry post-function ' +
      'pre-function prometheus proxy-cache rate-limiting request-size-limiting request-termination ' +
      'request-transformer response-ratelimiting response-transformer session statsd syslog tcp-log udp-log zipkin';
    expect(pluginNames('3.0.0', [])).toEqual(expect.arrayContaining(ofOpenSource.split(' ')));
    expect(pluginNames('3.0.0', [])).not.toContain('ai-proxy');

    const brought: Record<string, string> = {
      '3.1.0': 'app-dynamics jwe-decrypt oas-validation saml xml-threat-protection',
      '3.2.0': '',
      '3.3.0': '',
      '3.4.0': '',
      '3.5.0': '',
      '3.6.0':
        'ai-prompt-decorator ai-prompt-guard ai-prompt-template ai-proxy ai-request-transformer ai-response-transformer',
      '3.7.0': 'ai-azure-content-safety ai-rate-limiting-advanced',
      '3.8.0':
        'ai-proxy-advanced ai-semantic-cache ai-semantic-prompt-guard confluent header-cert-auth ' +
        'json-threat-protection standard-webhooks upstream-oauth',
      '3.9.0': 'injection-protection redirect service-protection',
      '3.10.0': 'ai-rag-injector ai-sanitizer confluent-consume kafka-consume request-callout',
      '3.11.0': 'ai-aws-guardrails ai-prompt-compressor datakit solace-upstream',
      '3.12.0':
        'ace ai-gcp-model-armor ai-llm-as-judge ai-mcp ai-mcp-oauth2 ai-mcp-proxy ai-semantic-response-guard ' +
        'solace-consume solace-log',
      '3.13.0': 'ai-lakera-guard',
      '3.14.0': 'ai-a2a-proxy ai-custom-guardrail metering-and-billing',
      '3.15.0': '',
    };
    let before = '3.0.9';
    for (const [version, names] of Object.entries(brought)) {
      expect(added(before, version), version).toEqual(names === '' ? [] : names.split(' '));
      before = version;
    }
    expect(added('3.8.1', '3.8.1.9')).toEqual([]);
  });

  it('has every name for a version newer than all that are known', () => {
    for (const version of ['3.14.0.0', '3.99.0', '4.0.0', '4.0.0.1']) {
      expect(pluginNames(version, [])).toEqual(BUNDLED_PLUGINS);
    }
  });

  it('has what KONG_PLUGINS names, in a version that does not bundle it too', () => {
    expect(pluginNames('3.8.1', ['redirect'])).toEqual([...pluginNames('3.8.1', []), 'redirect']);
  });

  it('holds each name once, with custom ones or without', () => {
    expect(new Set(BUNDLED_PLUGINS).size).toBe(BUNDLED_PLUGINS.length);
    expect(pluginNames('3.14.0.0', ['mine', 'cors', 'mine'])).toEqual([...BUNDLED_PLUGINS, 'mine']);
  });
});

describe('basic_info', () => {
  it('of a real data plane is read', async () => {
    const info = decodeBasicInfo(await fixture('basic-info-kong-3.9.3-data-plane.json'));
    expect(info?.plugins).toHaveLength(45);
    expect(info?.plugins).toContainEqual({ name: 'acl', version: '3.9.3' });
    expect(info?.labels).toEqual({});
  });

  it('survives its own encoding', () => {
    const info = { plugins: [{ name: 'cors' }, { name: 'acl', version: '3.9.3' }], labels: { zone: 'ä' } };
    expect(decodeBasicInfo(encodeBasicInfo(info))).toEqual(info);
  });

  it.each([
    ['labels as Lua’s empty table', '[]'],
    ['labels that are null', 'null'],
  ])('may have %s', (_what, labels) => {
    expect(decodeBasicInfo(Buffer.from(`{"type":"basic_info","plugins":[],"labels":${labels}}`))).toEqual({
      plugins: [],
      labels: {},
    });
  });

  it.each(['', 'null', '[]', '{"type":"basic_info","plugins":{}}', '{"type":"basic_info","plugins":[1]}'])(
    'is not %j',
    (text) => expect(decodeBasicInfo(Buffer.from(text))).toBeUndefined(),
  );
});

describe('the request for the outlet', () => {
  it('survives its own encoding, odd characters included', () => {
    const node = { nodeId: '1-2', hostname: 'a&b=c d', version: '3.10.0.2' };
    const url = new URL(outletUrl({ host: 'cp.example.com', port: 8005 }, node));
    expect(url.host).toBe('cp.example.com:8005');
    expect(parseOutletTarget(url.pathname + url.search)).toEqual({ path: '/v1/outlet', ...node });
  });

  it('brackets an IPv6 address', () => {
    const url = outletUrl({ host: '::1', port: 8005 }, { nodeId: '1', hostname: 'h', version: '3.9.1' });
    expect(url).toBe('wss://[::1]:8005/v1/outlet?node_id=1&node_hostname=h&node_version=3.9.1');
  });

  it('has empty parts where the query has none', () => {
    expect(parseOutletTarget('/v1/outlet')).toEqual({ path: '/v1/outlet', nodeId: '', hostname: '', version: '' });
  });
});

describe('a hash to report', () => {
  it.each([
    ['0'.repeat(32), true],
    ['a'.repeat(31), false],
    ['a'.repeat(33), false],
    ['ä'.repeat(32), false],
    [undefined, false],
  ])('%s: %s', (text, is) => expect(isHash(text)).toBe(is));
});

describe('how a node verifies its control plane', () => {
  it('shared: the fixed name, its own certificate and the trusted ones, no public authority', () => {
    const settings = { ...CLUSTER, serverName: 'other.example.com' };
    expect(expectedName(settings)).toBe('kong_clustering');
    expect(clientTls(settings)).toMatchObject({ servername: 'kong_clustering', ca: ['CERT', 'TRUSTED'] });
  });

  it('pki: the server name, else the host; not its own certificate', () => {
    const pki: ClusterSettings = { ...CLUSTER, mtls: 'pki', trustSystem: false };
    expect(clientTls({ ...pki, serverName: 'other.example.com' })).toMatchObject({
      servername: 'other.example.com',
      ca: ['TRUSTED'],
    });
    expect(clientTls(pki)).toMatchObject({ servername: 'cp.example.com' });
    expect(clientTls({ ...pki, controlPlane: { host: '10.0.0.1', port: 8005 } })).toMatchObject({
      servername: '',
      host: '10.0.0.1',
    });
  });

  it('pki with `system`: the public authorities too', () => {
    expect((clientTls({ ...CLUSTER, mtls: 'pki' }).ca as string[]).join('')).toContain('BEGIN CERTIFICATE');
  });
});
