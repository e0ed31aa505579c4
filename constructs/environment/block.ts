import type { IConstruct } from 'constructs';
import { throwProblems, warn, type Problem } from '../problems';
import { check } from './checks';
import { renderCloudRun, type CloudRunVariable } from './cloud-run';
import {
  renderDockerCompose,
  renderDockerComposeEnvFile,
  renderDockerComposeYaml,
  type DockerComposeOptions,
} from './docker-compose';
import { renderEcs, type EcsEnvironment } from './ecs';
import { renderHelm, type HelmValues } from './helm';
import { renderKongConf } from './kong-conf';
import { renderKubernetes, type KubernetesVariable } from './kubernetes';
import { renderLambda } from './lambda';
import { merge, type EnvironmentLayers } from './layers';
import { VaultReferences } from './references';
import type { Rendering } from './rendering';
import { renderSystemd } from './systemd';
import type { EnvValue, EnvValues } from './value';

/** Layers of an environment block, and who takes it. */
export interface EnvironmentBlockProps extends EnvironmentLayers {
  /**
   * Which `{vault://…}` references whoever takes the block resolves. One that it does not is an error.
   *
   * @default VaultReferences.byAgent()
   */
  readonly references?: VaultReferences;
}

/**
 * The environment of one process, checked, in the form of each platform.
 *
 * Layers: derived < user < override. What is known at synth is checked by the schema that the agent reads its
 * environment with: misspelt names, switches that Kong would not take, versions, URLs. Tokens are left to the agent, which
 * checks them all when it starts; as the plain text of a secret none is taken.
 *
 * A text is literal: `$`, `#`, `%`, quotes and newlines arrive as they are, whatever the platform or Terraform make of
 * such characters; only a token is a reference. Each renderer escapes for its platform what is known, and lets Terraform
 * escape the rest when it applies. The forms are for properties and outputs, and as a text by `JSON.stringify`, which is YAML
 * too; whoever writes a file at synth instead takes `atSynth` first.
 * (Terraform itself brings every text into Unicode's composed form, NFC.)
 */
export class EnvironmentBlock {
  readonly #rendering: Rendering;

  /**
   * @param construct the node whose environment it is; at its path errors are reported
   * @throws DeclarationError with all that is wrong: a variable that the contract refuses, one in two layers with
   * different values, a secret as plain text, a reference that is not resolved, a name or text that no platform takes
   */
  constructor(construct: IConstruct, props: EnvironmentBlockProps = {}) {
    const problems: Problem[] = [];
    const variables = merge(construct, props, problems);
    const references = props.references ?? VaultReferences.byAgent();
    const { errors, doubts } = check(variables, references);
    throwProblems(construct, [...problems, ...errors]);
    doubts.forEach((doubt) => warn(construct, doubt));
    this.#rendering = { construct, variables, references };
  }

  /** Names, sorted. */
  get names(): readonly string[] {
    return [...this.#rendering.variables.keys()];
  }

  /** Values by name, in the order of the names. */
  get values(): EnvValues {
    return Object.fromEntries(this.#rendering.variables);
  }

  /** The value of a variable, if it is set. */
  get(name: string): EnvValue | undefined {
    return this.#rendering.variables.get(name);
  }

  /**
   * The `environment` mapping of a service of Docker Compose.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text | a string, so that `on` stays `"on"`; `$` doubled, which Compose would expand |
   * | any secret | `${NAME:?…}`: the operator sets it in the environment of `docker compose` or in `.env`; no secret is in the file |
   *
   * Services of one file with different secrets of one name each get a `secretPrefix`: `${EXPORTER_NAME:?…}`.
   *
   * @throws DeclarationError for a `secretPrefix` with which no name of a variable starts
   */
  toDockerCompose(options: DockerComposeOptions = {}): Readonly<Record<string, string>> {
    return renderDockerCompose(this.#rendering, options);
  }

  /**
   * The same as the lines of a YAML mapping, each value in double quotes. Indent them below `environment:`.
   *
   * @throws DeclarationError for a `secretPrefix` with which no name of a variable starts
   */
  toDockerComposeYaml(options: DockerComposeOptions = {}): string {
    return renderDockerComposeYaml(this.#rendering, options);
  }

  /**
   * The secrets for the two forms above, as the text of the file `.env` beside the compose file, for Compose alone. The
   * texts for several services, each with its `secretPrefix`, make one file when they are put together. It may hold
   * secrets: give it mode 0600, and an output with it `sensitive`.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text | nothing: it is in the compose file |
   * | a secret's own text | `NAME="…"` with a backslash before `"`, `\` and `$`. Newlines stay |
   * | a secret of AWS, Google or Kubernetes | a comment that names it: the operator sets it, and without it Compose does not start |
   *
   * @throws DeclarationError for a `secretPrefix` with which no name of a variable starts
   */
  toDockerComposeEnvFile(options: DockerComposeOptions = {}): string {
    return renderDockerComposeEnvFile(this.#rendering, options);
  }

  /**
   * `environment` and `secrets` of an ECS container definition.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text | `{ name, value }` in `environment`, as it is |
   * | a secret of AWS | `{ name, valueFrom }` in `secrets`: the ARN, or `<ARN>:<JSON key>::<version id>`. The execution role must be allowed to read it |
   * | any other secret | an error |
   *
   * @throws DeclarationError for a secret that ECS cannot read
   */
  toEcs(): EcsEnvironment {
    return renderEcs(this.#rendering);
  }

  /**
   * `environment.variables` of an AWS Lambda function.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text | a string, as it is: Lambda expands nothing |
   * | a secret of AWS | `{vault://aws/<ARN>/<JSON key>}`, which the agent resolves with the role of the function: that must be allowed to read it. A version id is an error |
   * | `AWS_REGION`, `AWS_DEFAULT_REGION` | nothing: Lambda sets both to the region of the function, which must be the bucket's |
   * | any other secret, a name that Lambda keeps for itself | an error |
   *
   * @throws DeclarationError for what Lambda or the agent cannot take, and when what is known has more than Lambda's 4096
   * bytes, names and values together
   */
  toLambda(): Readonly<Record<string, string>> {
    return renderLambda(this.#rendering);
  }

  /**
   * The `env` list of a container, as in a manifest.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text | `value`, with `$` doubled: the kubelet expands `$(NAME)` |
   * | a secret of Kubernetes | `valueFrom.secretKeyRef` |
   * | any other secret | an error |
   *
   * @throws DeclarationError for a secret that Kubernetes cannot read
   */
  toKubernetes(): readonly KubernetesVariable[] {
    return renderKubernetes(this.#rendering);
  }

  /**
   * Values `env` and `customEnv` of Kong's Helm chart.
   *
   * | variable | becomes |
   * | --- | --- |
   * | `KONG_CLUSTER_CERT` | `env.cluster_cert` |
   * | `AWS_REGION` and all others | `customEnv.AWS_REGION` |
   * | a text | a string, with `$` doubled as in `toKubernetes`; `{{` is no template there |
   * | a text that contains `valueFrom` | an error: the chart would put it into the manifest as it is |
   * | a secret of Kubernetes | a map with `valueFrom` |
   * | any other secret, a name with a lower-case letter | an error |
   *
   * @throws DeclarationError for what the chart cannot carry
   */
  toHelmValues(): HelmValues {
    return renderHelm(this.#rendering);
  }

  /**
   * The `env` list of a container of Cloud Run, for the resources of `@cdktf/provider-google`.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text | `value`, as it is: Cloud Run expands nothing. At most 32768 characters |
   * | a secret of Google | `valueSource.secretKeyRef` with its version |
   * | any other secret | an error |
   *
   * @throws DeclarationError for a secret that Cloud Run cannot read, or too long a text
   */
  toCloudRun(): CloudRunVariable[] {
    return renderCloudRun(this.#rendering);
  }

  /**
   * The text of a file for `EnvironmentFile=` of a systemd unit. A shell that sources it reads
   * the same. It may hold secrets: give it mode 0600.
   *
   * | value | becomes |
   * | --- | --- |
   * | a text, a secret's own text | `NAME="…"` with a backslash before `"`, `\`, `` ` `` and `$`. Newlines stay, `%` means nothing there |
   * | a text with a Unicode noncharacter (U+FFFE, for one) | an error: systemd would refuse the whole file |
   * | a secret of AWS | `{vault://aws/<ARN>/<JSON key>}`, which is resolved with the identity of the machine. A version id is an error |
   * | a secret of Google | `{vault://gcp/<id>?project_id=<project>#<version>}`, the same. An alias of a version is an error |
   * | a secret of Kubernetes | an error |
   *
   * @throws DeclarationError for a secret that whoever takes the block does not resolve, and for a noncharacter
   */
  toSystemdEnvironmentFile(): string {
    return renderSystemd(this.#rendering);
  }

  /**
   * The text of a `kong.conf`, of a block that holds options of the gateway alone. It may hold secrets: give it mode 0600.
   *
   * | variable | becomes |
   * | --- | --- |
   * | `KONG_CLUSTER_CERT` | `cluster_cert = …`, with a backslash before `#` |
   * | `AWS_…`, `GCP_…`, `KONG_RESILIENCE_…`, `KONG_…_FILE` of Kong's images | an error: they belong into the environment of the process |
   * | a text with a newline, with white space or a backslash at its end, with `_blank_`, or which Lua would write as another number | an error |
   * | a secret's own text | as a text |
   * | a secret of AWS, Google or Kubernetes | an error |
   *
   * @throws DeclarationError for what the file cannot carry
   */
  toKongConf(): string {
    return renderKongConf(this.#rendering);
  }
}
