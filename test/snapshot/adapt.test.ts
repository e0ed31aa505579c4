import { describe, expect, it } from 'vitest';
import { adaptToOpenSource, checkTable, isEnterpriseTable, type AdaptReport } from '../../src/snapshot';
import {
  ENTERPRISE_ENTITIES,
  ENTERPRISE_PLUGINS,
  GUARDING_PLUGINS,
  OPEN_SOURCE_FIELDS,
} from '../../src/snapshot/editions';
import { chunks, parsed, refusal, smallTable, table, text } from './support';

async function adapt(value: unknown, size = 1 << 20): Promise<{ report: AdaptReport; text: string }> {
  const got: Buffer[] = [];
  const report = await adaptToOpenSource(chunks(text(value), size), (chunk) => void got.push(Buffer.from(chunk)));
  return { report, text: Buffer.concat(got).toString() };
}

const said = (value: unknown): Promise<string> => refusal(() => adapt(value));
const ws_id = 'w1';
const nothing: AdaptReport = { wsIds: 0, entities: {}, plugins: [], fields: {} };

/** An Enterprise table with `plugins` on a route "orders" of a service "shop". */
const enterprise = (...plugins: object[]): Record<string, unknown> =>
  smallTable({
    plugins: plugins.map((plugin, index) => ({ id: `p${index}`, enabled: true, ws_id, ...plugin })),
    services: [{ id: 's1', name: 'shop', ws_id }],
    routes: [
      { id: 'r1', name: 'orders', service: 's1', ws_id },
      { id: 'r2', name: null, ws_id },
    ],
  });

describe('adaptToOpenSource', () => {
  it('leaves the captured open-source table byte for byte', async () => {
    for (const size of [1, 100, 100_000]) {
      const { report, text: adapted } = await adapt(table, size);
      expect(JSON.parse(adapted)).toEqual(parsed.config_table);
      expect(adapted).toBe(table.toString());
      expect(report).toEqual(nothing);
    }
  });

  it('removes ws_id, Enterprise lists, fields and plugins, names each, and keeps the rest and _transform', async () => {
    const value = smallTable({
      consumers: [
        { id: 'c1', username: 'b\u00fcro', type: 0, username_lower: null, ws_id },
        { id: 'c2', username: 'b', ws_id },
      ],
      rbac_roles: [{ id: 1 }, { id: 2 }],
      partials: [],
      workspaces: [
        { id: ws_id, name: 'default', config: { portal: true }, meta: {}, created_at: 1, updated_at: 2 },
        { id: 'w2', name: 'other' },
      ],
      my_entities: [{ id: 1, ws_id }],
      plugins: [
        { id: 'p1', name: 'rate-limiting-advanced', service: 's1', config: {}, ws_id },
        { id: 'p2', name: 'cors', config: { a: [1.5] }, consumer_group: null, ordering: { before: {} }, ws_id },
        { id: 'p3', name: 'rate-limiting', consumer_group: 'g1', ws_id },
        { id: 'p4', name: 'openid-connect', enabled: false, ws_id },
        { id: 'p5', name: 'my-own', config: null, ws_id },
      ],
    });
    for (const size of [1, 1000]) {
      const { report, text: adapted } = await adapt(value, size);
      expect(JSON.parse(adapted)).toEqual(
        smallTable({
          consumers: [
            { id: 'c1', username: 'b\u00fcro' },
            { id: 'c2', username: 'b' },
          ],
          workspaces: [{ id: ws_id, name: 'default', config: {}, meta: {}, created_at: 1, updated_at: 2 }],
          my_entities: [{ id: 1 }],
          plugins: [
            { id: 'p2', name: 'cors', config: { a: [1.5] } },
            { id: 'p5', name: 'my-own', config: null },
          ],
        }),
      );
      expect(checkTable(text(adapted))).toMatchObject({ transform: false, hasWsId: false });
      expect(isEnterpriseTable(checkTable(text(adapted)))).toBe(false);
      expect(report).toEqual({
        wsIds: 8,
        entities: { rbac_roles: 2, partials: 0, workspaces: 1 },
        fields: { 'consumers.type': 1, 'plugins.ordering': 1, 'workspaces.config': 1 },
        plugins: [
          {
            name: 'rate-limiting-advanced',
            id: 'p1',
            enabled: true,
            on: 'service "echo"',
            why: 'only Enterprise has it',
          },
          {
            name: 'rate-limiting',
            id: 'p3',
            enabled: true,
            on: 'consumer group "g1"',
            why: 'only Enterprise has its "consumer_group"',
          },
          { name: 'openid-connect', id: 'p4', enabled: false, on: 'every request', why: 'only Enterprise has it' },
        ],
      });
    }
  });

  it('refuses to take authentication from a route, a service or everything, and names them', async () => {
    const fix =
      'Run this node with an Enterprise image, or have the control plane protect them with plugins that open source has too.';
    const lost = (what: string): string =>
      `An open-source gateway cannot run what decides who may pass: ${what}. ${fix}`;
    expect(
      await said(
        enterprise(
          { name: 'openid-connect', route: 'r1' },
          { name: 'canary', route: 'r1' },
          { name: 'mtls-auth', service: { id: 's1' } },
          { name: 'key-auth-enc', route: 'r2' },
          { name: 'opa' },
        ),
      ),
    ).toBe(
      lost(
        'openid-connect (p0) on route "orders", mtls-auth (p2) on service "shop", key-auth-enc (p3) on route "r2", opa (p4) on every request',
      ),
    );
    expect(await said(enterprise({ name: 'key-auth', consumer_group: 'g1', route: 'r1' }))).toBe(
      lost('key-auth (p0) on route "orders" and consumer group "g1"'),
    );
    expect(await said(enterprise({ name: 'openid-connect', enabled: false }))).toBe('no error');
    expect(await said(enterprise({ name: 'key-auth', route: 'r1', ordering: { after: {} } }))).toBe('no error');
    const many = Array.from({ length: 12 }, () => ({ name: 'saml' }));
    expect(await said(enterprise(...many))).toContain('saml (p9) on every request, and 2 more. ');
  });

  it.each([...GUARDING_PLUGINS].filter((name) => ENTERPRISE_PLUGINS.has(name)))('refuses to drop %s', async (name) => {
    expect(await said(enterprise({ name }))).toContain(`${name} (p0) on every request. `);
  });

  it('refuses to merge workspaces, in which strangers would become consumers', async () => {
    const value = enterprise();
    const consumers = [{ id: 'c1', ws_id: 'w2' }];
    const workspaces = [
      { id: 'w1', name: 'default' },
      { id: 'w2', name: 'partner' },
    ];
    expect(await said({ ...value, workspaces, consumers })).toBe(
      'The configuration has entities of 2 workspaces: default, partner. An open-source gateway has one, in which the consumers of each could pass on the routes of the others. Run this node with an Enterprise image, or export from a control plane with one workspace.',
    );
    expect(
      await said({
        ...value,
        workspaces,
        consumers: [
          { id: 'c1', ws_id: 'w1' },
          { id: 'c2', ws_id: null },
        ],
      }),
    ).toBe('no error');
  });

  it('refuses a table of which nothing is left', async () => {
    const value = { _format_version: '3.0', rbac_roles: [{ id: 1 }], workspaces: [{ id: 'w', name: 'default' }] };
    expect(await said(value)).toMatch(/^The configuration is empty: /);
  });

  it('keeps entities inside an entity for the gateway to judge', async () => {
    const services = [{ id: 's1', routes: [{ name: 'r' }], ws_id }];
    expect(JSON.parse((await adapt(smallTable({ services }))).text)).toEqual(
      smallTable({ services: [{ id: 's1', routes: [{ name: 'r' }] }] }),
    );
  });

  it('takes a list and a plugin with the names of what every object has for what they are', async () => {
    const value = smallTable({
      constructor: [{ id: 1, ws_id }],
      plugins: [
        { id: 'p1', name: { toString: 1, valueOf: 1 }, ws_id },
        { id: 'p2', name: { toString: 1, valueOf: 1 }, enabled: false, only_enterprise: 1 },
      ],
    });
    const { report, text: adapted } = await adapt(value);
    expect(JSON.parse(adapted)).toEqual(
      smallTable({ constructor: [{ id: 1 }], plugins: [{ id: 'p1', name: { toString: 1, valueOf: 1 } }] }),
    );
    expect(report.plugins).toEqual([
      {
        id: 'p2',
        name: 'without name',
        enabled: false,
        on: 'every request',
        why: 'only Enterprise has its "only_enterprise"',
      },
    ]);
  });

  it('refuses what is not JSON, cut in the middle of an entity', async () => {
    expect(await refusal(() => adapt(table.subarray(0, 400), 64))).toMatch(
      /^The configuration is not JSON: at byte 400, /,
    );
    expect(await said('[]')).toMatch(/^The configuration is a list; /);
  });
});

describe('isEnterpriseTable', () => {
  it('knows an Enterprise table by a ws_id or a list of its own', () => {
    const is = (more: object): boolean => isEnterpriseTable(checkTable(text(smallTable({ ...more }))));
    expect(is({})).toBe(false);
    expect(is({ routes: [{ ws_id }] })).toBe(true);
    expect(is({ consumer_groups: [] })).toBe(true);
    expect(isEnterpriseTable(checkTable(table))).toBe(false);
  });
});

describe('the lists of editions', () => {
  it('hold every field, entity and plugin that the captured open-source gateway has', () => {
    for (const [key, value] of Object.entries(parsed.config_table)) {
      if (!Array.isArray(value)) continue;
      expect(ENTERPRISE_ENTITIES.has(key)).toBe(false);
      for (const entity of value as Record<string, unknown>[]) {
        const unknown = Object.keys(entity).filter((field) => OPEN_SOURCE_FIELDS.get(key)?.has(field) === false);
        expect({ key, unknown }).toEqual({ key, unknown: [] });
      }
    }
  });
});
