import type { VaultSettings } from '../contract';
import { vaultAbsent } from './errors';
import type { Place, Vault } from './vault';

/** The environment of the program itself, by names in upper case with underscores, as in Kong. */
export class EnvVault implements Vault {
  constructor(
    private readonly env: Readonly<Record<string, string | undefined>>,
    private readonly settings: VaultSettings['env'],
  ) {}

  read({ secret, version, options }: Place): Promise<string> {
    const prefix = options['prefix'] ?? this.settings.prefix ?? '';
    const current = `${prefix}${secret}`.replaceAll('-', '_').replace(/[a-z]/g, (letter) => letter.toUpperCase());
    const name = version === 2 ? `${current}_PREVIOUS` : current;
    const value = this.env[name];
    return value === undefined
      ? Promise.reject(vaultAbsent('the environment of this program', `variable ${name}`))
      : Promise.resolve(value);
  }

  close(): void {
    // Nothing is open.
  }
}
