import { Tokenization } from 'cdktf';
import type { ReadinessProbe } from './node';

/**
 * A command by which a gateway's container asks itself, without a program that Kong's images may lack: bash alone. It
 * fails where the node has no configuration.
 */
export function readyCommand({ path, port }: ReadinessProbe): readonly string[] {
  const number = Tokenization.stringifyNumber(port);
  const ask = `exec 3<>/dev/tcp/127.0.0.1/${number} && printf 'GET ${path} HTTP/1.0\\r\\n\\r\\n' >&3 && read -rt 5 _ status _ <&3 && [ "$status" = 200 ]`;
  // The start script is for the gateway, and not for this bash.
  return ['env', '-u', 'BASH_ENV', 'bash', '-c', ask];
}
