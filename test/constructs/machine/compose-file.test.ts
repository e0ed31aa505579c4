import { describe, expect, it } from 'vitest';
import { atSynth, ComposeFile, EnvValue } from '../../../constructs';
import { nodes, refusalOf, type NodeOptions } from './nodes';

const agentImage = 'kong-resilience:0.1.0';

function servicesOf(options: NodeOptions = {}, props: { gatewayImage?: string; handoverGroup?: number } = {}) {
  const { stack, exporter, importer } = nodes(options);
  return atSynth(new ComposeFile(stack, 'Compose', { exporter, importer, agentImage, ...props }).services);
}

describe('a compose file', () => {
  it('has the three services of a machine', () => {
    const agent = {
      image: agentImage,
      user: '1000:1000',
      group_add: ['10001'],
      read_only: true,
      tmpfs: ['/tmp'],
      cap_drop: ['ALL'],
      security_opt: ['no-new-privileges:true'],
    };
    const { 'kong-exporter': exporter, 'kong-dp-importer': importer, 'kong-dp': gateway, ...more } = servicesOf();
    expect(more).toEqual({});
    expect(exporter).toMatchObject({
      ...agent,
      command: ['run'],
      environment: { KONG_CLUSTER_FALLBACK_CONFIG_EXPORT: 'on' },
      volumes: ['spool:/var/lib/kong-resilience/spool'],
      stop_grace_period: '30s',
      restart: 'unless-stopped',
    });
    expect(importer).toMatchObject({
      ...agent,
      command: ['import'],
      environment: { KONG_CLUSTER_FALLBACK_CONFIG_IMPORT: 'on', KONG_RESILIENCE_HANDOVER_GROUP: '10001' },
      volumes: ['handover:/var/lib/kong-resilience/handover'],
    });
    // One that is started anew with the machine would import again, and a gateway waits for none.
    expect(importer).not.toHaveProperty('restart');
    expect(gateway).toMatchObject({
      image: 'kong:3.9.1',
      group_add: ['10001'],
      environment: { BASH_ENV: '/var/lib/kong-resilience/handover/start.sh', KONG_STATUS_LISTEN: '0.0.0.0:8100' },
      ports: ['8000:8000', '8443:8443'],
      depends_on: { 'kong-dp-importer': { condition: 'service_completed_successfully' } },
      volumes: ['handover:/var/lib/kong-resilience/handover:ro'],
      restart: 'unless-stopped',
    });
  });

  it('asks the gateway whether it has a configuration, in a text that Compose leaves alone', () => {
    expect(servicesOf()['kong-dp']?.['healthcheck']).toEqual({
      test: [
        'CMD',
        'env',
        '-u',
        'BASH_ENV',
        'bash',
        '-c',
        `exec 3<>/dev/tcp/127.0.0.1/8100 && printf 'GET /status/ready HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 5 _ status _ <&3 && [ "$$status" = 200 ]`,
      ],
      interval: '10s',
      start_period: '60s',
    });
  });

  it("has Kong's Enterprise image for an Enterprise version, or another one", () => {
    expect(servicesOf({ gatewayVersion: '3.10.0.2' })['kong-dp']).toMatchObject({
      image: 'kong/kong-gateway:3.10.0.2',
    });
    expect(servicesOf({}, { gatewayImage: 'registry.acme.com/kong:3.9.1' })['kong-dp']).toMatchObject({
      image: 'registry.acme.com/kong:3.9.1',
    });
  });

  it('goes by one group, whoever names it', () => {
    const environment = { KONG_RESILIENCE_HANDOVER_GROUP: EnvValue.fromText('2000') };
    for (const services of [servicesOf({ environment }), servicesOf({}, { handoverGroup: 2000 })]) {
      expect(services['kong-dp']).toMatchObject({ group_add: ['2000'] });
      expect(services['kong-dp-importer']).toMatchObject({
        group_add: ['2000'],
        environment: { KONG_RESILIENCE_HANDOVER_GROUP: '2000' },
      });
    }
  });

  it('refuses images that are not pinned, together', () => {
    const { stack, exporter, importer } = nodes();
    const refusal = refusalOf(
      () =>
        new ComposeFile(stack, 'Compose', {
          exporter,
          importer,
          agentImage: 'kong-resilience',
          gatewayImage: 'kong:latest',
        }),
    );
    const rest =
      'it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.';
    expect(refusal.split('\n')).toEqual([
      'app/Compose: 2 problems',
      `  KR_TF_IMAGE agentImage is "kong-resilience": ${rest}`,
      `  KR_TF_IMAGE gatewayImage is "kong:latest": ${rest}`,
    ]);
  });

  it.each([
    ['volumes', './cluster:/etc/kong/cluster:ro', './cluster:/etc/kong/cluster:ro'],
    ['ports', '80:8000', '8000:8000'],
  ])('refuses %s that are no list', (prop, given, example) => {
    const { stack, exporter, importer } = nodes();
    const agentImage = 'kong-resilience:0.1.0';
    expect(refusalOf(() => new ComposeFile(stack, 'Compose', { exporter, importer, agentImage, [prop]: given }))).toBe(
      `app/Compose: 1 problem\n  KR_TF_LIST ${prop} is "${given}": it must be a list. Write it in brackets, such as ["${example}"].`,
    );
  });
});
