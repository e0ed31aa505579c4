import { isKnown, type Problem } from '../problems';
import type { AgentConfigMap } from './agent-config-map';
import { imageProblems } from '../topology/image';
import { agentElsewhere } from './problems';

/** How a container runs the agent. */
export interface AgentProgram {
  readonly image: string;
  /** Of a container that must run; the image's own where there is none. */
  readonly command?: readonly string[];
  /** Of a container that must hold nothing back: without the program it says so and ends well. */
  readonly commandOrNothing?: readonly string[];
  readonly configMapName?: string;
  problems(namespace: string): Problem[];
}

/** For the pods alone. */
export let programOf: (image: AgentImage) => AgentProgram;

/** Where the ConfigMap is mounted. */
export const AGENT_DIR = '/opt/kong-resilience';

const program = `${AGENT_DIR}/kong-resilience.cjs`;

/** A pod whose ConfigMap is gone starts all the same, since the volume is optional; this ends its import. */
const orNothing =
  '[ -e "$0" ] && exec node "$0" "$@"; ' +
  'echo "kong-resilience: $0 is missing, so nothing is imported: is its ConfigMap gone?" >&2';

/** The image of the agent's containers, and how they run the program in it. */
export class AgentImage {
  readonly #program: AgentProgram;

  static {
    programOf = (image) => image.#program;
  }

  private constructor(program: AgentProgram) {
    this.#program = program;
  }

  /**
   * A stock image of Node with the program from a ConfigMap: nothing has to be built.
   *
   * @param configMap of the pods' namespace
   * @param nodeImage an image with Node 20.19 or newer and `/bin/sh`, such as a mirror of it in your own registry.
   * Default: `node:22-slim`, which follows the fixes of Node 22
   */
  static nodeWithConfigMap(configMap: AgentConfigMap, nodeImage = 'node:22-slim'): AgentImage {
    return new AgentImage({
      image: nodeImage,
      command: ['node', program],
      commandOrNothing: ['/bin/sh', '-c', orNothing, program],
      configMapName: configMap.configMapName,
      problems: (namespace) => [
        ...imageProblems('nodeImage', nodeImage),
        ...(isKnown(namespace) && isKnown(configMap.namespace) && namespace !== configMap.namespace
          ? [agentElsewhere(configMap.namespace, namespace)]
          : []),
      ],
    });
  }

  /**
   * An image of your own with the program as its entry point.
   *
   * @param image by a digest or a full tag: `registry.example.com/kong-resilience:0.1.0`
   */
  static fromImage(image: string): AgentImage {
    return new AgentImage({ image, problems: () => imageProblems('image', image) });
  }
}
