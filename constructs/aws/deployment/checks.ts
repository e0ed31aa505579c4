import { isKnown, type Problem } from '../../problems';
import { cpuArchitecture, deploymentName, deploymentRange, fargateSize, logRetention } from './problems';

/** What CloudWatch Logs takes, in days. */
export const retentions = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/** Memory in MiB that Fargate has with each number of CPU units: from, to, in steps. */
const sizes = new Map([
  [256, [512, 2048, 512]],
  [512, [1024, 4096, 1024]],
  [1024, [2048, 8192, 1024]],
  [2048, [4096, 16_384, 1024]],
  [4096, [8192, 30_720, 1024]],
]);

/** A name of a service, function or family. */
export function checkName(name: string | undefined, longest: number): Problem[] {
  if (!isKnown(name) || (/^[\w-]+$/.test(name) && name.length <= longest)) return [];
  return [deploymentName(name, longest)];
}

/** A whole number within bounds, unless it is a token or not given. */
export function checkRange(prop: string, value: number | undefined, minimum: number, maximum: number): Problem[] {
  if (!isKnown(value) || (Number.isInteger(value) && value >= minimum && value <= maximum)) return [];
  return [deploymentRange(prop, value, minimum, maximum)];
}

export function checkRetentionDays(days: number | undefined): Problem[] {
  return !isKnown(days) || retentions.includes(days) ? [] : [logRetention(days, retentions.join(', '))];
}

export function checkArchitecture(architecture: string | undefined): Problem[] {
  if (!isKnown(architecture) || ['X86_64', 'ARM64'].includes(architecture)) return [];
  return [cpuArchitecture(architecture)];
}

/** A size of a task on Fargate; nothing where one of the two is a token. 256 CPU units have 512, 1024 or 2048 MiB. */
export function checkSize(cpu: number, memory: number): Problem[] {
  if (!isKnown(cpu) || !isKnown(memory)) return [];
  const size = sizes.get(cpu);
  if (size === undefined) return [fargateSize(cpu, memory, `cpu must be one of ${[...sizes.keys()].join(', ')}.`)];
  const [least = 0, most = 0, step = 1] = size;
  const fits = memory >= least && memory <= most && memory % step === 0 && !(cpu === 256 && memory === 1536);
  if (fits) return [];
  const allowed = cpu === 256 ? '512, 1024 or 2048' : `${least} to ${most} in steps of ${step}`;
  return [fargateSize(cpu, memory, `with ${cpu} CPU units Fargate has ${allowed} MiB.`)];
}
