import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { AssetType, Fn, ref, TerraformAsset, TerraformStack, Token } from 'cdktf';
import { Construct } from 'constructs';
import { agentBundle, agentVersion } from '../artefact';
import { atSynth } from '../environment';
import { forJson } from '../environment/text';
import { throwProblems } from '../problems';
import { labelsOf, yamlStream, type KubernetesManifest } from './manifest';
import { labelProblems } from './names';
import { agentTooLarge } from './problems';

/** What the API server takes as the data of a ConfigMap, in bytes: 1 MiB. */
const limit = 1_048_576;

export interface AgentConfigMapProps {
  /** Namespace of the pods that run the agent; pods of another one cannot mount it. */
  readonly namespace: string;
}

/**
 * The agent of this package as an immutable ConfigMap, for pods of a stock Node image: no image has to be built.
 *
 * Its name holds a hash of what is in it, so that another version rolls the pods, and the old one stays for those that
 * still run it. Remove an old one only when no pod and no older ReplicaSet names it any more.
 *
 * It has some 740 KB, and `kubectl apply` keeps what it applied in an annotation of at most 256 KiB: use
 * `kubectl apply --server-side`. It is no part of a Helm release, whose record (1 MiB) it would burst.
 */
export class AgentConfigMap extends Construct {
  /** `kong-resilience-<version>-<hash>`. */
  readonly configMapName: string;
  readonly namespace: string;
  /** The object; Terraform reads the agent from a file beside the synthesized stack. */
  readonly manifest: KubernetesManifest;
  readonly #text: string;

  /** @throws DeclarationError for a namespace that cannot exist */
  constructor(scope: Construct, id: string, props: AgentConfigMapProps) {
    super(scope, id);
    const { namespace } = props;
    const path = agentBundle();
    const file = basename(path);
    this.#text = readFileSync(path, 'utf8');
    const bytes = Buffer.byteLength(this.#text) + file.length;
    throwProblems(this, [
      ...labelProblems('namespace', namespace),
      ...(bytes > limit ? [agentTooLarge(bytes, limit)] : []),
    ]);
    const hash = createHash('sha256').update(this.#text).digest('hex').slice(0, 10);
    this.configMapName = `kong-resilience-${agentVersion()}-${hash}`;
    this.namespace = namespace;
    const program = new TerraformAsset(this, 'Program', { path, type: AssetType.FILE, assetHash: hash });
    // The folder of the module, since the one in which Terraform runs may be another.
    const folder = Token.asString(ref('path.module', TerraformStack.of(this)));
    this.manifest = this.#manifestWith(file, Fn.file(Fn.join('/', [folder, program.path])));
  }

  /** The object as YAML, which Terraform writes when it applies. */
  toYaml(): string {
    return yamlStream([this.manifest]);
  }

  /**
   * The object with the agent's text in it, as JSON, which kubectl takes as well: for a program that writes a file at
   * synth. Not for what goes through Terraform.
   *
   * @throws Error when the namespace is known to Terraform alone
   */
  toJsonAtSynth(): string {
    const manifest = atSynth(this.#manifestWith(basename(agentBundle()), ''));
    return `${JSON.stringify({ ...manifest, data: { [basename(agentBundle())]: this.#text } })}\n`;
  }

  #manifestWith(file: string, text: string): KubernetesManifest {
    return forJson({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: this.configMapName,
        namespace: this.namespace,
        labels: labelsOf(this.configMapName, 'agent'),
      },
      immutable: true,
      data: { [file]: text },
    });
  }
}
