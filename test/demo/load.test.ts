import { describe, expect, it } from 'vitest';
import { demoConfiguration } from '../../src/demo';
import { Load } from '../../src/demo/load';
import { echo, fileWith, started, temporaryFolder, version } from './support';

describe('constant load', () => {
  it('counts what is answered with 200, what with another status, and what not at all', async () => {
    const { url, port } = await echo();
    const good = new Load(url, [{ path: '/' }]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    const { requests, lost } = await good.stop();
    expect([requests > 0, lost]).toEqual([true, 0]);
    const declarativeConfig = await fileWith(demoConfiguration({ upstreamPort: port }).toString());
    const node = await started({ prefix: await temporaryFolder(), version: version('3.9.1'), declarativeConfig });
    const refused = await new Load(node.proxyUrl, [{ path: '/orders' }, { path: '/products' }]).stop();
    expect(refused).toEqual({ requests: 2, lost: 1, failures: ['/orders: 401'] });
    await node.stop();
    const gone = await new Load(node.proxyUrl, [{ path: '/' }]).stop();
    const place = node.proxyUrl.replace('http://', '');
    expect(gone).toEqual({ requests: 1, lost: 1, failures: [`/: connect ECONNREFUSED ${place}`] });
  });
});
