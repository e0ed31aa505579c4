import { describe, expect } from 'vitest';
import { captured, Cluster, importerEnvironment } from '../test/cli/cluster';
import { fileStore } from '../test/cli/stores';
import { isRoot, needs } from '../test/gateway/tools';
import { run } from '../test/support/program';
import { gatewayFaults } from './faults/gateway';
import { GatewayNode } from './support/gateway-node';
import { testRows } from './support/pool';

const current = captured('3.9.3');
const { skip, note } = needs('luajit');
// Another user needs root; in CI it runs in any case.
const alone = !isRoot && process.env['CI'] === undefined;
const rows = gatewayFaults.filter(({ inject }) => !alone || inject.otherUser === undefined);

describe.skipIf(skip)(
  `a gateway that starts without its control plane${note}${alone ? ' (NOT as another user, needs root)' : ''}`,
  () => {
    testRows(rows, 120, async ({ inject, expected }) => {
      const { start } = expected;
      if (start === undefined) throw new Error('nothing is expected');
      const node = new GatewayNode();
      try {
        const bucket = await fileStore().bucket();
        if (inject.stored !== 'nothing') await bucket.write('3.9.3/config.json', current.table);
        const cluster = await Cluster.start();
        await cluster.down();
        inject.arrange(node);
        const imported = await run(['import'], {
          ...cluster.environment,
          KONG_CLUSTER_CONTROL_PLANE: '127.0.0.1:9',
          ...importerEnvironment(node.handover),
          KONG_CLUSTER_FALLBACK_CONFIG_STORAGE: bucket.url(),
          KONG_RESILIENCE_HANDOVER_GROUP: inject.otherUser === 'in the group' ? '65534' : undefined,
        });
        expect(imported.code, imported.stderr).toBe(0);
        inject.afterImport?.(node);
        const { started, file, serves } = await node.start(inject.otherUser !== undefined, current.table);
        // 7 is what the command that was started ends with.
        expect(started.code, started.stderr).toBe(7);
        expect({ said: started.said.join('\n'), file, serves }).toEqual({
          ...start,
          said: expect.stringContaining(start.said) as string,
        });
        // Deciding twice is harmless.
        const again = await node.start(inject.otherUser !== undefined, current.table);
        expect({ file: again.file, serves: again.serves }).toEqual({ file, serves });
      } finally {
        node.remove();
      }
    });
  },
);
