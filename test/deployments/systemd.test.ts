import { readFileSync } from 'node:fs';
import { virtualMachine } from '../support/platforms/images';
import { SystemdMachine } from '../support/platforms/systemd';
import { describeDeployment, type Environment, type Mutant } from './scenarios';
import { versitygwServer } from './store-server';
import { gatewayVersion, type World } from './world';

/** What Kong's packages install, as far as a start depends on it. */
const kongService = `[Unit]
Description=Kong
After=network.target

[Service]
User=root
Environment=KONG_NGINX_DAEMON=off
PrivateTmp=true
ExecStartPre=/usr/local/bin/kong prepare -p /usr/local/kong
ExecStart=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf
ExecReload=/usr/local/bin/kong prepare -p /usr/local/kong
ExecReload=/usr/local/openresty/nginx/sbin/nginx -p /usr/local/kong -c nginx.conf -s reload
`;

interface Specification {
  readonly dropIns: readonly string[];
  readonly environment: Environment;
}

/** The drop-in of docs/handover.md. */
function dropIn(): string {
  const page = readFileSync('docs/handover.md', 'utf8');
  const [, text] =
    /```ini\n# \/etc\/systemd\/system\/kong\.service\.d\/kong-resilience\.conf\n([\s\S]*?)```/.exec(page) ?? [];
  if (text === undefined) throw new Error('docs/handover.md has no drop-in');
  return text;
}

/** An operator who wants it started again. */
const restart = '[Service]\nRestart=on-failure\n';

const quoted = (value: string): string => `"${value.replace(/["\\$`]/g, '\\$&')}"`;

async function run(world: World, { dropIns, environment }: Specification, added: Environment): Promise<SystemdMachine> {
  const { machine, cluster } = world;
  const { accessKeyId, secretAccessKey } = world.credentials();
  const all = { ...environment, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey, ...added };
  const lines = Object.entries(all).map(([name, value]) => `${name}=${quoted(value)}\n`);
  return new SystemdMachine(machine, [{ name: 'kong.service', unit: kongService, dropIns }], {
    image: await virtualMachine(machine.newFolder('vm-image'), gatewayVersion),
    files: {
      '/etc/kong/kong-resilience.env': { content: lines.join(''), mode: 0o600 },
      '/etc/kong/cluster.crt': { content: cluster.pair.certificate },
      '/etc/kong/cluster.key': { content: cluster.pair.key.reveal(), mode: 0o600 },
    },
    reachable: { 'cp.example.com:8005': world.controlPlanePort, 's3.example.com:9000': world.storePort },
  });
}

const rendered: Specification = {
  dropIns: [dropIn(), restart],
  environment: {
    KONG_ROLE: 'data_plane',
    KONG_DATABASE: 'off',
    KONG_CLUSTER_CONTROL_PLANE: 'cp.example.com:8005',
    KONG_CLUSTER_CERT: '/etc/kong/cluster.crt',
    KONG_CLUSTER_CERT_KEY: '/etc/kong/cluster.key',
    KONG_STATUS_LISTEN: '0.0.0.0:8100',
    KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on',
    KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 's3://kong-fallback/kong',
    KONG_RESILIENCE_GATEWAY_VERSION: gatewayVersion,
    AWS_REGION: 'eu-central-1',
    AWS_CONFIG_STORAGE_ENDPOINT: 'http://s3.example.com:9000/',
  },
};

const changed =
  (from: string, to: string) =>
  (specification: Specification): Specification => ({
    ...specification,
    dropIns: specification.dropIns.map((text) => text.replace(from, to)),
  });

const inOutage = { fails: 'starts in an outage with a store that is slow', saying: /serves nothing/ } as const;
const importLine = 'ExecStartPre=-/usr/local/bin/kong-resilience import\n';
const prepareLine =
  'ExecStartPre=/usr/local/bin/kong-resilience exec -- /usr/local/bin/kong prepare -p /usr/local/kong\n';

const mutants: readonly Mutant<Specification>[] = [
  { name: 'without the import', mutate: changed(importLine, ''), ...inOutage },
  {
    name: 'that prepares before it imports',
    mutate: changed(`${importLine}${prepareLine}`, `${prepareLine}${importLine}`),
    ...inOutage,
  },
  {
    name: 'that prepares once more, without the decision',
    mutate: changed(prepareLine, `${prepareLine}ExecStartPre=/usr/local/bin/kong prepare -p /usr/local/kong\n`),
    ...inOutage,
  },
  {
    name: 'that prepares without the decision',
    mutate: changed('kong-resilience exec -- /usr/local/bin/', ''),
    ...inOutage,
  },
  {
    name: 'without the environment',
    mutate: changed('EnvironmentFile=/etc/kong/kong-resilience.env\n', ''),
    fails: 'starts with the control plane while the store is down',
    saying: /start request repeated too quickly/,
  },
  {
    name: 'whose import must succeed, and names nothing',
    mutate: (specification) => ({
      ...changed('ExecStartPre=-', 'ExecStartPre=')(specification),
      environment: { ...specification.environment, KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: 'gcp://none' },
    }),
    fails: 'starts with the control plane while the store is down',
    saying: /start request repeated too quickly/,
  },
];

describeDeployment<Specification>({
  name: 'systemd (the drop-in of docs/handover.md)',
  store: { program: 'versitygw', start: versitygwServer },
  render: () => Promise.resolve(rendered),
  storageUrl: ({ environment }) => environment['KONG_CLUSTER_FALLBACK_CONFIG_STORAGE'] ?? '',
  gateway: run,
  without: (specification) => ({
    ...specification,
    dropIns: ['[Service]\nEnvironmentFile=/etc/kong/kong-resilience.env\n'],
  }),
  names: { gateway: 'kong.service', importer: 'kong-resilience import', exporter: '' },
  keepsCache: true,
  knowsKeys: true,
  mutants,
});
