import { isKnown, type Problem } from '../problems';
import { wrongQuantity } from './problems';

/** What a container of the agent asks of its node, and at most gets, as Kubernetes writes it: `100m`, `256Mi`. */
export interface AgentResources {
  /** @default "100m" */
  readonly cpuRequest?: string;
  /** @default none - a limit only delays a start */
  readonly cpuLimit?: string;
  /** @default "128Mi" */
  readonly memoryRequest?: string;
  /**
   * A container that needs more is ended. An import of 64 MB takes some 120 MiB.
   *
   * @default "512Mi"; "1Gi" for an exporter
   */
  readonly memoryLimit?: string;
}

/** As a container has it. */
export function resourcesOf(given: AgentResources = {}, memoryLimit = '512Mi'): object {
  return {
    requests: { cpu: given.cpuRequest ?? '100m', memory: given.memoryRequest ?? '128Mi' },
    limits: {
      ...(given.cpuLimit === undefined ? {} : { cpu: given.cpuLimit }),
      memory: given.memoryLimit ?? memoryLimit,
    },
  };
}

export function resourcesProblems(given: AgentResources = {}): Problem[] {
  return Object.entries(given as Record<string, string | undefined>).flatMap(([prop, value]) =>
    !isKnown(value) || /^\d+(\.\d+)?(m|k|Ki|Mi?|Gi?|Ti?)?$/.test(value)
      ? []
      : [wrongQuantity(`resources.${prop}`, value)],
  );
}
