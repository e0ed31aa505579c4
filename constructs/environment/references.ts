import { checkVariable, environmentVariables, parseVaultReference } from '../../src/contract';

/** For the checks and the renderers alone. */
export let resolutionOf: (references: VaultReferences) => Resolution;

/** What whoever takes a block makes of references. */
interface Resolution {
  readonly isAgent: boolean;
  /** Why a reference in a variable is not resolved; undefined where it is, or where nothing is done with the variable. */
  readonly refusal: (name: string, vault: string) => string | undefined;
}

/**
 * Who takes a block, and so which of Kong's vaults the `{vault://…}` references in it may be to.
 *
 * The gateway resolves references in its own options alone, as kong.conf has them: an open-source one those to `env`, an
 * Enterprise one those to every vault of its version.
 */
export class VaultReferences {
  readonly #resolution: Resolution;

  static {
    resolutionOf = (references) => references.#resolution;
  }

  private constructor(resolution: Resolution) {
    this.#resolution = resolution;
  }

  /** The agent: `env`, `aws` and `gcp`, in the variables that it reads. Options of the gateway beside them it leaves alone. */
  static byAgent(): VaultReferences {
    return new VaultReferences({ isAgent: true, refusal: agentsRefusal });
  }

  /** An open-source gateway: `env`, and vaults of the user's own. */
  static byOpenSourceGateway(): VaultReferences {
    return new VaultReferences({
      isAgent: false,
      refusal: (name, vault) =>
        /^(aws|azure|conjur|gcp|hcv|konnect)$/.test(vault)
          ? `an open-source gateway has no vault ${vault}: it reads env alone`
          : gatewaysRefusal(name),
    });
  }

  /** An Enterprise gateway: every vault. */
  static byEnterpriseGateway(): VaultReferences {
    return new VaultReferences({ isAgent: false, refusal: gatewaysRefusal });
  }
}

/** What of a variable that the agent reads is wrong is told by the contract's own check. */
function agentsRefusal(name: string): string | undefined {
  const variable = environmentVariables.find((known) => known.name === name);
  const resolved =
    variable?.read === true ? checkVariable(name, '{vault://env/x}').length === 0 : variable?.whose === 'kong';
  if (resolved || (variable === undefined && name.startsWith('KONG_'))) return undefined;
  return variable?.read === true
    ? 'it is read where no reference is resolved'
    : 'the agent leaves it to a library, which resolves none';
}

function gatewaysRefusal(name: string): string | undefined {
  return /^KONG_/.test(name) ? undefined : 'the gateway resolves references in its own options, KONG_…, alone';
}

/** The vault that a text refers to, as Kong takes it. */
export function vaultIn(text: string): string | undefined {
  return /^\{vault:\/\/([^/?#]*).*\}$/s.exec(text.trim())?.[1];
}

/** Why a reference is not written as one. */
export function grammarProblem(text: string): string | undefined {
  const result = parseVaultReference(text.trim());
  return result.ok || result.kind === 'vault' ? undefined : result.why;
}
