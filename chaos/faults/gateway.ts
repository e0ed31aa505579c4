import type { GatewayNode } from '../support/gateway-node';
import type { Fault } from './fault';

export interface GatewayInjection {
  /** What an import, which runs after it, finds stored; absent: what is current. */
  readonly stored?: 'nothing';
  /** What the gateway's prefix, its environment and its `kong` are like. */
  readonly arrange: (node: GatewayNode) => void;
  /** What happens between the import and the start. */
  readonly afterImport?: (node: GatewayNode) => void;
  /** The gateway runs as another user than the import, who is in this group, or in none that matters. */
  readonly otherUser?: 'in the group' | 'in no group';
}

const nobodyHome = (): void => undefined;
const handedOver = { file: 'the staged file', serves: 'what was handed over' } as const;
const cached = { file: 'none', serves: 'its cache' } as const;

export const gatewayFaults: readonly Fault<GatewayInjection>[] = [
  {
    id: 'gateway-empty',
    fault: 'The prefix is empty and there is no file: a fresh node in an outage.',
    inject: { arrange: nobodyHome },
    expected: { start: { said: 'there is no cache', ...handedOver } },
  },
  {
    id: 'gateway-empty-nothing-stored',
    fault: 'The same, and nothing was ever exported.',
    inject: { stored: 'nothing', arrange: nobodyHome },
    expected: { start: { said: 'the gateway starts as it would without it', file: 'none', serves: 'nothing' } },
  },
  {
    id: 'gateway-empty-own-file',
    fault: "The prefix is empty, and KONG_DECLARATIVE_CONFIG names the user's own file.",
    inject: { arrange: (node) => node.nameOwn() },
    expected: { start: { said: 'there is no cache', ...handedOver } },
  },
  {
    id: 'gateway-empty-own-file-nothing-stored',
    fault: 'The same, and nothing was ever exported.',
    inject: { stored: 'nothing', arrange: (node) => node.nameOwn() },
    expected: { start: { said: 'nothing handed over is used', file: "the user's own", serves: "the user's own file" } },
  },
  {
    id: 'gateway-cache',
    fault: 'The cache is from a control plane, and the variable is not set.',
    inject: { arrange: (node) => node.cacheOf('a control plane') },
    expected: { start: { said: 'which is from a control plane', ...cached } },
  },
  {
    id: 'gateway-cache-own-file',
    fault:
      "The cache is from a control plane, and the variable names the user's own file, which Kong would load over it.",
    inject: {
      arrange: (node) => {
        node.cacheOf('a control plane');
        node.nameOwn();
      },
    },
    expected: { start: { said: 'which is from a control plane', ...cached } },
  },
  {
    id: 'gateway-cache-staged-file',
    fault: 'The cache is from a control plane, and the variable names the staged file for good.',
    inject: {
      arrange: (node) => {
        node.cacheOf('a control plane');
        node.nameStaged();
      },
    },
    expected: { start: { said: 'which is from a control plane', ...cached } },
  },
  {
    id: 'gateway-other-minor',
    fault: 'The cache is of another minor version, and Kong wipes it.',
    inject: { arrange: (node) => node.cacheOf('a control plane', '3.8') },
    expected: { start: { said: 'the cache is of 3.8, and this is 3.9.3', ...handedOver } },
  },
  {
    id: 'gateway-file-missing',
    fault: 'The variable names the staged file, which is not there: Kong does not start at all.',
    inject: { stored: 'nothing', arrange: (node) => node.nameStaged() },
    expected: {
      start: { said: 'KONG_DECLARATIVE_CONFIG named it and is taken away', file: 'none', serves: 'nothing' },
    },
  },
  {
    id: 'gateway-file-refused',
    fault: 'The gateway refuses what was handed over: a plugin that it does not have.',
    inject: { arrange: (node) => node.refuses("in 'plugins': plugin 'acme-auth' not enabled") },
    expected: {
      start: {
        said: 'REFUSED: this gateway does not take the handed-over configuration',
        file: 'none',
        serves: 'nothing',
      },
    },
  },
  {
    id: 'gateway-file-refused-own-file',
    fault: 'The same, and the user has a file of their own.',
    inject: {
      arrange: (node) => {
        node.refuses("in 'plugins': plugin 'acme-auth' not enabled");
        node.nameOwn();
      },
    },
    expected: {
      start: {
        said: 'REFUSED: this gateway does not take the handed-over configuration',
        file: "the user's own",
        serves: "the user's own file",
      },
    },
  },
  {
    id: 'gateway-file-cut',
    fault: 'The staged file is cut, as after a power failure.',
    inject: { arrange: nobodyHome, afterImport: (node) => node.cutStaged() },
    expected: { start: { said: 'is not as it was handed over', file: 'none', serves: 'nothing' } },
  },
  {
    id: 'gateway-older-file-touched',
    fault: "The staged file is older than the control plane's cache, and its time is newer.",
    inject: { arrange: (node) => node.cacheOf('a control plane'), afterImport: (node) => node.touchStaged() },
    expected: { start: { said: 'which is from a control plane', ...cached } },
  },
  {
    id: 'gateway-empty-cache-newer',
    fault:
      'The cache is empty and newer than the file: a minor upgrade in an outage, or a first start without a fallback.',
    inject: { arrange: nobodyHome, afterImport: (node) => node.cacheOf('nothing') },
    expected: { start: { said: 'the cache is empty', ...handedOver } },
  },
  {
    id: 'gateway-fresher-file',
    fault: 'The cache is from a file handed over earlier, and a fresher one is staged in a long outage.',
    inject: { arrange: (node) => node.cacheOf('a file handed over earlier') },
    expected: { start: { said: 'is from a file handed over earlier', ...handedOver } },
  },
  {
    id: 'gateway-cache-unreadable',
    fault: 'The cache is cut in the middle of its pages.',
    inject: { arrange: (node) => node.cacheOf('a cut one') },
    expected: { start: { said: 'MOVED ASIDE', ...handedOver } },
  },
  {
    id: 'gateway-reload',
    fault:
      'The gateway started from the staged file, its control plane has sent since, and it is reloaded with the variable still set.',
    inject: {
      arrange: nobodyHome,
      afterImport: (node) => {
        node.nameStaged();
        node.cacheOf('a control plane');
      },
    },
    expected: { start: { said: 'which is from a control plane', ...cached } },
  },
  {
    id: 'gateway-other-user',
    fault: 'The gateway runs as another user than the import, and no group was named.',
    inject: { arrange: nobodyHome, otherUser: 'in no group' },
    expected: { start: { said: 'cannot be read by this user (65534)', file: 'none', serves: 'nothing' } },
  },
  {
    id: 'gateway-other-user-group',
    fault: 'The same, and KONG_RESILIENCE_HANDOVER_GROUP names a group of that user.',
    inject: { arrange: nobodyHome, otherUser: 'in the group' },
    expected: { start: { said: 'there is no cache', ...handedOver } },
  },
];
