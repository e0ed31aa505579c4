import { TerraformOutput, TerraformStack, TerraformVariable, Testing } from 'cdktf';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  EnvValue,
  ExporterImporterNode,
  ExporterNode,
  ImporterNode,
  KongResilience,
  type ExporterNodeProps,
  type ImporterNodeProps,
} from '../../../constructs';
import { KeyedPrincipal, RememberingStore } from './fakes';

let stack: TerraformStack;
let store: RememberingStore;
let principal: KeyedPrincipal;

beforeEach(() => {
  stack = new TerraformStack(Testing.app(), 'stack');
  store = new RememberingStore(stack, 'Store');
  principal = new KeyedPrincipal(stack, 'Principal');
});

const cluster = {
  controlPlane: 'cp.example.com:8005',
  clusterCert: EnvValue.fromText('/etc/kong/cluster.crt'),
  clusterCertKey: EnvValue.fromText('/etc/kong/cluster.key'),
};

const exporter = (props: Partial<ExporterNodeProps> = {}): ExporterNode =>
  new ExporterNode(stack, 'Exporter', { ...cluster, store, principal, gatewayVersions: ['3.9.1'], ...props });

const importer = (props: Partial<ImporterNodeProps> = {}): ImporterNode =>
  new ImporterNode(stack, 'Importer', { ...cluster, store, principal, gatewayVersion: '3.9.1', ...props });

const names = (values: object): string[] => Object.keys(values);
const plain = (values: object): object =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, String(value)]));

describe('an exporter', () => {
  it('has the environment of an agent that exports, with its credentials', () => {
    expect(plain(exporter({ gatewayVersions: ['3.9.1', '3.10.0'] }).agentEnvironment.values)).toEqual({
      AWS_ACCESS_KEY_ID: '[secret]',
      AWS_REGION: 'eu-west-1',
      AWS_SECRET_ACCESS_KEY: '[secret]',
      KONG_CLUSTER_CERT: '/etc/kong/cluster.crt',
      KONG_CLUSTER_CERT_KEY: '/etc/kong/cluster.key',
      KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://kong-fallback/kong',
      KONG_DATABASE: 'off',
      KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1,3.10.0',
      KONG_RESILIENCE_STATUS_LISTEN: '0.0.0.0:8101',
      KONG_ROLE: 'data_plane',
    });
  });

  it('is granted the export alone, and tells the store its versions', () => {
    exporter({ gatewayVersions: ['3.9.1', '3.10.0'] });
    expect(store.grants).toEqual(['Principal exports']);
    expect(store.versions).toEqual(['3.9.1', '3.10.0']);
  });

  it.each([
    [['3.9.1'], false],
    [['3.10.0.2'], true],
  ])('proxies nothing, and its gateway has the fallback on Enterprise alone: %j', (gatewayVersions, enterprise) => {
    const values = exporter({ gatewayVersions }).gatewayEnvironment.values;
    expect(plain(values)).toMatchObject({
      KONG_PROXY_LISTEN: 'off',
      KONG_STREAM_LISTEN: 'off',
      KONG_ADMIN_LISTEN: 'off',
    });
    const fallback = ['KONG_CLUSTER_FALLBACK_CONFIG_STORAGE', 'AWS_REGION', 'AWS_SECRET_ACCESS_KEY'];
    expect(fallback.map((name) => names(values).includes(name))).toEqual(fallback.map(() => enterprise));
  });

  it('says by which request a platform asks whether it is ready', () => {
    expect(exporter({ statusPort: 9000 }).readinessProbe).toEqual({ path: '/ready', port: 9000 });
  });

  it('tells everything that is wrong with its versions and its port at once', () => {
    expect(() => exporter({ gatewayVersions: ['latest', '3.9.1', '3.9.1', '3.10.0.2'], statusPort: 65_536 })).toThrow(
      [
        'stack/Exporter: 4 problems',
        '  KR_TF_GATEWAY_VERSION gatewayVersions[0] is "latest": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; this is an image tag that moves on, and the configuration is stored under one exact version; "kong version" prints it.',
        '  KR_TF_GATEWAY_VERSION_TWICE gatewayVersions has "3.9.1" twice. Name each version once.',
        '  KR_TF_MIXED_EDITIONS gatewayVersions is "latest", "3.9.1", "3.9.1", "3.10.0.2": versions of open source (three parts) and Enterprise (four) come from different control planes. Declare an exporter for each.',
        '  KR_TF_PORT statusPort is 65536: it must be a whole number from 1 to 65535.',
      ].join('\n'),
    );
    expect(() => new ExporterNode(stack, 'None', { ...cluster, store, principal, gatewayVersions: [] })).toThrow(
      'stack/None: 1 problem\n  KR_TF_NO_GATEWAY_VERSION gatewayVersions is empty: name each version that your data planes run, such as ["3.9.1"].',
    );
  });

  it.each(['3.9.1', 3, null, undefined, { 0: '3.9.1' }])('takes a list of versions alone, not %j', (given) => {
    const gatewayVersions = given as unknown as string[];
    expect(() => exporter({ gatewayVersions })).toThrow(
      `stack/Exporter: 1 problem\n  KR_TF_LIST gatewayVersions is ${JSON.stringify(given) ?? 'undefined'}: it must be a list. Write it in brackets, such as ["3.9.1"].`,
    );
  });

  it.each(['/etc/kong/ca.crt', null])('takes a list of trusted certificates alone, not %j', (given) => {
    const trustedCertificates = given as unknown as string[];
    const props = { ...cluster, store, principal, trustedCertificates };
    const refusal = (id: string) =>
      `stack/${id}: 1 problem\n  KR_TF_LIST trustedCertificates is ${JSON.stringify(given)}: it must be a list. Write it in brackets, such as ["/etc/kong/ca.crt"].`;
    expect(() => new ExporterNode(stack, 'E', { ...props, gatewayVersions: ['3.9.1'] })).toThrow(refusal('E'));
    expect(() => new ImporterNode(stack, 'I', { ...props, gatewayVersion: '3.9.1' })).toThrow(refusal('I'));
    expect(() => new ExporterImporterNode(stack, 'B', { ...props, gatewayVersion: '3.9.1' })).toThrow(refusal('B'));
  });

  it.each([0, 1.5, -1])('takes no port %d', (statusPort) => {
    expect(() => exporter({ statusPort })).toThrow(`KR_TF_PORT statusPort is ${statusPort}`);
  });

  it.each([1, 65_535])('takes port %d', (statusPort) => {
    expect(exporter({ statusPort }).readinessProbe.port).toBe(statusPort);
  });
});

describe('an importer', () => {
  it('has the environment of an agent that imports, from where importers read', () => {
    expect(plain(importer().agentEnvironment.values)).toEqual({
      AWS_ACCESS_KEY_ID: '[secret]',
      AWS_REGION: 'eu-central-1',
      AWS_SECRET_ACCESS_KEY: '[secret]',
      KONG_CLUSTER_CERT: '/etc/kong/cluster.crt',
      KONG_CLUSTER_CERT_KEY: '/etc/kong/cluster.key',
      KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
      KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://kong-fallback-replica/kong',
      KONG_DATABASE: 'off',
      KONG_LUA_SSL_TRUSTED_CERTIFICATE: 'system',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
      KONG_ROLE: 'data_plane',
    });
    expect(store.grants).toEqual(['Principal imports']);
  });

  it('has a gateway with a status listener, whose readiness sees an empty node', () => {
    const node = importer({ gatewayStatusPort: 8200 });
    expect(plain(node.gatewayEnvironment.values)).toMatchObject({ KONG_STATUS_LISTEN: '0.0.0.0:8200' });
    expect(node.readinessProbe).toEqual({ path: '/status/ready', port: 8200 });
  });

  it('keeps the credentials and the fallback from an open-source gateway', () => {
    expect(names(importer().gatewayEnvironment.values)).toEqual([
      'KONG_CLUSTER_CERT',
      'KONG_CLUSTER_CERT_KEY',
      'KONG_CLUSTER_CONTROL_PLANE',
      'KONG_DATABASE',
      'KONG_LUA_SSL_TRUSTED_CERTIFICATE',
      'KONG_ROLE',
      'KONG_STATUS_LISTEN',
    ]);
  });

  it('gives an Enterprise gateway the fallback too', () => {
    const values = importer({ gatewayVersion: '3.10.0.2' }).gatewayEnvironment.values;
    expect(plain(values)).toMatchObject({ KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on', AWS_REGION: 'eu-central-1' });
    expect(names(values)).toContain('AWS_SECRET_ACCESS_KEY');
  });

  it('never has a principal that may write, in either order', () => {
    exporter();
    const text =
      'KR_TF_IMPORTER_WITH_WRITE the principal "stack/Principal" belongs to "stack/Importer", which imports or proxies, and would also be allowed to write: whoever broke into that node could replace the configuration of every other. Give the exporter a principal of its own.';
    expect(() => importer()).toThrow(`stack/Importer: 1 problem\n  ${text}`);
    const other = new KeyedPrincipal(stack, 'Other');
    new ImporterNode(stack, 'Second', { ...cluster, store, principal: other, gatewayVersion: '3.9.1' });
    expect(() => store.grantExport(other)).toThrow(
      `stack/Store: 1 problem\n  ${text.replace('stack/Principal', 'stack/Other').replace('stack/Importer', 'stack/Second')}`,
    );
  });

  it.each([
    ['3.2.0', true],
    ['3.3.0', false],
    ['3.3.0.0', false],
  ])('warns where gateway %s has no /status/ready: %s', (gatewayVersion, warned) => {
    const node = importer({ gatewayVersion });
    const texts = node.node.metadata.map(({ data }) => String(data));
    const text = `KR_TF_NO_STATUS_READY gateway ${gatewayVersion} has no /status/ready (since 3.3), so that no readiness check can tell a node without a configuration. Upgrade the gateway.`;
    expect(texts.includes(text)).toBe(warned);
  });
});

describe('a node that exports and imports', () => {
  it('has both switches, no proxy listener, and the write grant', () => {
    const node = new ExporterImporterNode(stack, 'Both', { ...cluster, store, principal, gatewayVersion: '3.9.1' });
    expect(plain(node.agentEnvironment.values)).toMatchObject({
      KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on',
      KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
      KONG_RESILIENCE_GATEWAY_VERSION: '3.9.1',
    });
    expect(plain(node.gatewayEnvironment.values)).toMatchObject({ KONG_PROXY_LISTEN: 'off' });
    expect(store.grants).toEqual(['Principal exports']);
    expect(store.versions).toEqual(['3.9.1']);
  });
});

describe('environment', () => {
  it('keeps `system` among the trusted certificates', () => {
    const trusted = (trustedCertificates: string[], id: string): string =>
      String(
        new ImporterNode(stack, id, { ...cluster, store, principal, gatewayVersion: '3.9.1', trustedCertificates })
          .agentEnvironment.values['KONG_LUA_SSL_TRUSTED_CERTIFICATE'],
      );
    expect(trusted(['/etc/ca.pem'], 'A')).toBe('system,/etc/ca.pem');
    expect(trusted(['/etc/ca.pem', 'system'], 'B')).toBe('system,/etc/ca.pem');
  });

  it('passes the cluster settings on to both blocks', () => {
    const node = importer({
      clusterMtls: 'pki',
      clusterCaCert: EnvValue.fromText('/etc/kong/ca.crt'),
      clusterServerName: 'cp.internal',
    });
    for (const block of [node.agentEnvironment, node.gatewayEnvironment]) {
      expect(plain(block.values)).toMatchObject({
        KONG_CLUSTER_MTLS: 'pki',
        KONG_CLUSTER_CA_CERT: '/etc/kong/ca.crt',
        KONG_CLUSTER_SERVER_NAME: 'cp.internal',
      });
    }
  });

  describe('in a mode `pki` without an authority', () => {
    const told = (given: Parameters<typeof importer>[0]): string[] =>
      importer(given).node.metadata.map(({ type, data }) => `${type} ${String(data)}`);
    const text = (mtls: string) =>
      `@cdktf/info KR_TF_CLUSTER_PUBLIC_CA clusterMtls is "${mtls}", and there is no clusterCaCert: the control plane's certificate must come from a public CA. Where it comes from one of your own, pass clusterCaCert.`;

    it.each([
      ['pki', { clusterMtls: 'pki' }],
      ['pki_check_cn', { clusterMtls: 'pki_check_cn' }],
      ['pki', { environment: { KONG_CLUSTER_MTLS: EnvValue.fromText('pki') } }],
    ])('says that it must be a public one: %s', (mtls, given) => {
      expect(told(given)).toEqual([text(mtls)]);
    });

    const authority = EnvValue.fromText('/etc/kong/ca.crt');
    it.each([
      ['clusterCaCert', { clusterMtls: 'pki', clusterCaCert: authority }],
      ['a variable', { clusterMtls: 'pki', environment: { KONG_CLUSTER_CA_CERT: authority } }],
      ['trustedCertificates', { clusterMtls: 'pki', trustedCertificates: ['/etc/kong/ca.crt'] }],
      ['another mode', { clusterMtls: 'shared' }],
      ['no mode', {}],
    ])('says nothing with %s', (_, given) => {
      expect(told(given)).toEqual([]);
    });
  });

  it.each([
    ['no mode', {}],
    ['the mode `shared`', { clusterMtls: 'shared' }],
  ])('says that an authority is not asked, with %s', (_, mode) => {
    const { metadata } = importer({ ...mode, clusterCaCert: EnvValue.fromText('/etc/kong/ca.crt') }).node;
    expect(metadata.map(({ type, data }) => `${type} ${String(data)}`)).toEqual([
      '@cdktf/info KR_TF_CLUSTER_UNUSED_CA clusterCaCert is given, and the mode is "shared", in which the control plane must show the same certificate and no authority is asked. Where your nodes have KONG_CLUSTER_MTLS, pass clusterMtls.',
    ]);
  });

  it("gives a user's variables to both, and the agent's own to the agent alone", () => {
    const node = importer({
      environment: {
        KONG_PLUGINS: EnvValue.fromText('bundled,my-plugin'),
        KONG_RESILIENCE_IMPORT: EnvValue.fromText('always'),
      },
      environmentOverrides: { KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS: EnvValue.fromText('30') },
    });
    const agent = names(node.agentEnvironment.values);
    const gateway = names(node.gatewayEnvironment.values);
    const own = ['KONG_PLUGINS', 'KONG_RESILIENCE_IMPORT', 'KONG_RESILIENCE_IMPORT_DEADLINE_SECONDS'];
    expect(own.filter((name) => agent.includes(name))).toEqual(own);
    expect(own.filter((name) => gateway.includes(name))).toEqual(['KONG_PLUGINS']);
  });

  it('takes tokens in every prop', () => {
    const token = (id: string): string => new TerraformVariable(stack, id, { type: 'string' }).stringValue;
    const node = new ImporterNode(stack, 'Tokens', {
      store,
      principal,
      controlPlane: token('control_plane'),
      clusterCert: EnvValue.fromText(token('cert')),
      clusterCertKey: EnvValue.fromSecretText(token('key')),
      clusterMtls: token('mtls'),
      clusterServerName: token('server_name'),
      trustedCertificates: [token('ca')],
      gatewayVersion: token('version'),
      gatewayStatusPort: new TerraformVariable(stack, 'port', { type: 'number' }).numberValue,
    });
    new TerraformOutput(stack, 'probe', { value: node.readinessProbe });
    new TerraformOutput(stack, 'agent', { value: node.agentEnvironment.toDockerCompose() });
    const exporterNode = exporter({
      principal: new KeyedPrincipal(stack, 'Writer'),
      gatewayVersions: new TerraformVariable(stack, 'versions', { type: 'list(string)' }).listValue,
      statusPort: new TerraformVariable(stack, 'status_port', { type: 'number' }).numberValue,
    });
    new TerraformOutput(stack, 'exporter', { value: exporterNode.agentEnvironment.toDockerCompose() });
    const { output } = JSON.parse(Testing.synth(stack)) as { output: Record<string, { value: object }> };
    expect(output['probe']?.value).toEqual({ path: '/status/ready', port: '${var.port}' });
    expect(output['agent']?.value).toMatchInlineSnapshot(`
      {
        "AWS_ACCESS_KEY_ID": "$\${AWS_ACCESS_KEY_ID:?set this secret in the environment of docker compose or in .env}",
        "AWS_REGION": "eu-central-1",
        "AWS_SECRET_ACCESS_KEY": "$\${AWS_SECRET_ACCESS_KEY:?set this secret in the environment of docker compose or in .env}",
        "KONG_CLUSTER_CERT": "\${replace(var.cert, "$", "$$")}",
        "KONG_CLUSTER_CERT_KEY": "$\${KONG_CLUSTER_CERT_KEY:?set this secret in the environment of docker compose or in .env}",
        "KONG_CLUSTER_CONTROL_PLANE": "\${replace(var.control_plane, "$", "$$")}",
        "KONG_CLUSTER_FALLBACK_CONFIG_IMPORT": "on",
        "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE": "s3://kong-fallback-replica/kong",
        "KONG_CLUSTER_MTLS": "\${replace(var.mtls, "$", "$$")}",
        "KONG_CLUSTER_SERVER_NAME": "\${replace(var.server_name, "$", "$$")}",
        "KONG_DATABASE": "off",
        "KONG_LUA_SSL_TRUSTED_CERTIFICATE": "system,\${replace(var.ca, "$", "$$")}",
        "KONG_RESILIENCE_GATEWAY_VERSION": "\${replace(var.version, "$", "$$")}",
        "KONG_ROLE": "data_plane",
      }
    `);
    expect(output['exporter']?.value).toMatchInlineSnapshot(`
      {
        "AWS_ACCESS_KEY_ID": "$\${AWS_ACCESS_KEY_ID:?set this secret in the environment of docker compose or in .env}",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "$\${AWS_SECRET_ACCESS_KEY:?set this secret in the environment of docker compose or in .env}",
        "KONG_CLUSTER_CERT": "/etc/kong/cluster.crt",
        "KONG_CLUSTER_CERT_KEY": "/etc/kong/cluster.key",
        "KONG_CLUSTER_CONTROL_PLANE": "cp.example.com:8005",
        "KONG_CLUSTER_FALLBACK_CONFIG_EXPORT": "on",
        "KONG_CLUSTER_FALLBACK_CONFIG_STORAGE": "s3://kong-fallback/kong",
        "KONG_DATABASE": "off",
        "KONG_LUA_SSL_TRUSTED_CERTIFICATE": "system",
        "KONG_RESILIENCE_GATEWAY_VERSION": "\${replace(join(",", var.versions), "$", "$$")}",
        "KONG_RESILIENCE_STATUS_LISTEN": "0.0.0.0:\${replace(var.status_port, "$", "$$")}",
        "KONG_ROLE": "data_plane",
      }
    `);
  });
});

describe('a topology', () => {
  const topology = (): KongResilience => new KongResilience(stack, 'KongResilience', { ...cluster, store });
  const reader = (id: string): KeyedPrincipal => new KeyedPrincipal(stack, id);

  it('synthesizes when an exporter has each version of the importers', () => {
    const resilience = topology();
    resilience.addExporter('Exporter', { principal, gatewayVersions: ['3.9.1', '3.10.0'] });
    resilience.addImporter('Old', { principal: reader('A'), gatewayVersion: '3.9.1' });
    resilience.addImporter('New', { principal: reader('B'), gatewayVersion: '3.10.0' });
    expect(() => Testing.synth(stack, true)).not.toThrow();
    expect(store.grants).toEqual(['Principal exports', 'A imports', 'B imports']);
  });

  it('counts a node that exports and imports as an exporter', () => {
    const resilience = topology();
    resilience.addExporterImporter('Both', { principal, gatewayVersion: '3.9.1' });
    resilience.addImporter('Importer', { principal: reader('A'), gatewayVersion: '3.9.1' });
    expect(() => Testing.synth(stack, true)).not.toThrow();
  });

  it('refuses an importer whose version nobody exports, and tells the order of the upgrade', () => {
    const resilience = topology();
    resilience.addExporter('Exporter', { principal, gatewayVersions: ['3.9.1'] });
    resilience.addImporter('Importer', { principal: reader('A'), gatewayVersion: '3.10.0' });
    expect(() => Testing.synth(stack, true)).toThrow(
      'KR_TF_NOT_EXPORTED importer "Importer" runs gateway 3.10.0, which no exporter here exports (3.9.1): in an outage its new nodes would find nothing of their version. Upgrade in this order: add "3.10.0" to the exporter\'s gatewayVersions and deploy; wait until "kong-resilience status" shows it stored; then upgrade the importer; remove the old version last.',
    );
  });

  it('refuses importers without an exporter', () => {
    topology().addImporter('Importer', { principal, gatewayVersion: '3.9.1' });
    expect(() => Testing.synth(stack, true)).toThrow(
      'KR_TF_NO_EXPORTER there are importers and no exporter, so nothing would ever be stored. Add one with addExporter; where another stack exports to this store, declare an ImporterNode by itself, in the place of KongResilience.',
    );
  });
});
