import { spawnSync } from 'node:child_process';
import { CreateSecretCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { type RunningServer, startServer } from './process';

/** Whether to skip what needs moto's server. @throws Error in CI, where a skip would hide that nothing was tested */
export function motoIsMissing(): boolean {
  if (spawnSync('python3', ['-c', 'import moto.server']).status === 0) return false;
  const message = "moto's server is not installed: run pip install 'moto[server]'";
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(message);
  process.stderr.write(`${message}\n`);
  return true;
}

export const motoRegion = 'us-east-1';
/** Moto takes any keys, until it is told to look at them. */
export const motoKeys = { accessKeyId: 'AKIATEST', secretAccessKey: 'test-SECRET-of-aws' };

export interface Moto extends RunningServer {
  readonly client: SecretsManagerClient;
  /** Makes a secret. @returns its ARN */
  secret(name: string, value: string | Uint8Array): Promise<string>;
  /** From now on nobody may do anything, or everybody anything again. */
  deny(all: boolean): Promise<void>;
}

/** AWS Secrets Manager as moto has it, on 127.0.0.1. */
export async function startMoto(): Promise<Moto> {
  const server = await startServer({
    program: 'python3',
    args: (port) => ['-m', 'moto.server', '-H', '127.0.0.1', '-p', String(port)],
    readyPath: '/moto-api/',
  });
  const client = new SecretsManagerClient({
    endpoint: server.endpoint.href,
    region: motoRegion,
    credentials: motoKeys,
  });
  return {
    ...server,
    client,
    secret: async (Name, value) => {
      const content = typeof value === 'string' ? { SecretString: value } : { SecretBinary: value };
      const { ARN = '' } = await client.send(new CreateSecretCommand({ Name, ...content }));
      return ARN;
    },
    deny: async (all) => {
      const body = all ? '0' : '1000000000';
      await fetch(new URL('/moto-api/reset-auth', server.endpoint), { method: 'POST', body });
    },
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
}
