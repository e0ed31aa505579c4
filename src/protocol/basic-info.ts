/** A plugin that a node can run. Without a version a control plane checks the name alone. */
export interface NodePlugin {
  readonly name: string;
  readonly version?: string;
}

/** A node's first message. */
export interface BasicInfo {
  readonly plugins: readonly NodePlugin[];
  readonly labels: Readonly<Record<string, string>>;
}

/** The frame of a node's first message: plain JSON, to be sent as one binary frame. */
export function encodeBasicInfo(info: BasicInfo): Buffer {
  return Buffer.from(
    JSON.stringify({
      type: 'basic_info',
      plugins: info.plugins,
      labels: info.labels,
      filters: {},
      process_conf: {},
    }),
  );
}

/** Reads a node's first message; undefined where it is not one. Labels are optional, as with Kong before 3.5. */
export function decodeBasicInfo(frame: Uint8Array): BasicInfo | undefined {
  let message: unknown;
  try {
    message = JSON.parse(Buffer.from(frame.buffer, frame.byteOffset, frame.byteLength).toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(message) || message['type'] !== 'basic_info' || !Array.isArray(message['plugins'])) return undefined;
  const plugins: NodePlugin[] = [];
  for (const plugin of message['plugins'] as unknown[]) {
    if (!isRecord(plugin) || typeof plugin['name'] !== 'string') return undefined;
    const version = plugin['version'];
    plugins.push(typeof version === 'string' ? { name: plugin['name'], version } : { name: plugin['name'] });
  }
  // Lua encodes an empty table as {} or [], so anything but an object of texts means "none".
  const labels = isRecord(message['labels']) ? Object.entries(message['labels']) : [];
  return {
    plugins,
    labels: Object.fromEntries(labels.filter((entry): entry is [string, string] => typeof entry[1] === 'string')),
  };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
