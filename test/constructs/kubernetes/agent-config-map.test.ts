import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { TerraformOutput, TerraformVariable, Testing } from 'cdktf';
import { describe, expect, it } from 'vitest';
import { AgentConfigMap, DeclarationError } from '../../../constructs';
import { agentBundle, agentVersion } from '../../../constructs/artefact';
import { aStack } from './harness';

const agent = readFileSync(agentBundle(), 'utf8');
const hash = createHash('sha256').update(agent).digest('hex').slice(0, 10);

const inJson = (configMap: AgentConfigMap): Record<string, unknown> =>
  JSON.parse(configMap.toJsonAtSynth()) as Record<string, unknown>;

describe('the ConfigMap of the agent', () => {
  it('is whole, immutable, and named by what is in it', () => {
    const configMap = new AgentConfigMap(aStack(), 'Agent', { namespace: 'kong' });
    expect(inJson(configMap)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: `kong-resilience-${agentVersion()}-${hash}`,
        namespace: 'kong',
        labels: {
          'app.kubernetes.io/name': 'kong-resilience',
          'app.kubernetes.io/instance': `kong-resilience-${agentVersion()}-${hash}`,
          'app.kubernetes.io/component': 'agent',
          'app.kubernetes.io/version': agentVersion(),
        },
      },
      immutable: true,
      data: { 'kong-resilience.cjs': agent },
    });
  });

  it('stays below 1 MiB, which is what the API server takes', () => {
    expect(statSync(agentBundle()).size + 'kong-resilience.cjs'.length).toBeLessThan(1_048_576);
  });

  it('is ASCII, so that characters are bytes and YAML needs no escape of Unicode', () => {
    expect(/^[\t\n\r -~]*$/.test(agent)).toBe(true);
  });

  it('is beside the synthesized stack, and not in it', () => {
    const stack = aStack();
    const configMap = new AgentConfigMap(stack, 'Agent', { namespace: 'kong' });
    new TerraformOutput(stack, 'agent', { value: configMap.toYaml() });
    const folder = join(Testing.fullSynth(stack), 'stacks', 'stack');
    const synthesized = readFileSync(join(folder, 'cdk.tf.json'), 'utf8');
    expect(synthesized.length).toBeLessThan(2000);
    const path = /path\.module, \\"(assets\/[^"\\]+)\\"/.exec(synthesized)?.[1] ?? 'no asset';
    expect(readFileSync(join(folder, path), 'utf8')).toBe(agent);
  });

  it('cannot be in a namespace that cannot exist, which a token may be', () => {
    const stack = aStack();
    expect(() => new AgentConfigMap(stack, 'Agent', { namespace: 'Kong' })).toThrow(
      new DeclarationError('stack/Agent', [
        {
          code: 'KR_TF_KUBERNETES_NAME',
          text: 'namespace is "Kong": it must have 1 to 63 characters, lower-case letters, digits and "-", with a letter or digit first and last.',
        },
      ]),
    );
    const namespace = new TerraformVariable(stack, 'namespace', { type: 'string' }).stringValue;
    const configMap = new AgentConfigMap(stack, 'Other', { namespace });
    expect(() => configMap.toJsonAtSynth()).toThrow(
      'A value of the environment is known to Terraform alone, so no file of it can be written at synth. Hand the form to a resource or an output instead.',
    );
  });
});
