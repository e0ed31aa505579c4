import { Token } from 'cdktf';
import type { IConstruct } from 'constructs';
import { printable, show } from '../../src/contract';
import { showsSecret } from '../environment/checks';
import { dollar } from '../environment/kubernetes';
import { Text, textAtSynth } from '../environment/text';
import { resolveTokens, throwProblems, type Problem } from '../problems';
import { propOfVariable } from '../topology/prop-of-variable';
import { noHelmValues, valueTwice } from './problems';

/** A map of Helm values, as a parser of YAML gives it. */
export type HelmMap = Readonly<Record<string, unknown>>;

/**
 * A user's values of Kong's chart and ours as one document: maps are merged, our lists follow theirs.
 *
 * @throws DeclarationError with all that both say, and differently; and when what is given is no map
 */
export function mergeHelmValues(construct: IConstruct, theirs: HelmMap, ours: HelmMap): HelmMap {
  throwProblems(construct, unusable('', theirs));
  const merge = new Merge(construct);
  const merged = merge.maps('', theirs, merge.withoutSecretVolumes(theirs, ours));
  throwProblems(construct, merge.problems);
  return merged;
}

class Merge {
  readonly problems: Problem[] = [];

  constructor(private readonly construct: IConstruct) {}

  maps(path: string, theirs: HelmMap, ours: HelmMap): HelmMap {
    const merged = Object.entries(ours).map(([key, our]) => {
      const their = Object.hasOwn(theirs, key) ? theirs[key] : undefined;
      return [key, their === undefined ? our : this.values(below(path, key), their, our)] as const;
    });
    return { ...theirs, ...Object.fromEntries(merged) };
  }

  values(path: string, theirs: unknown, ours: unknown): unknown {
    // A reference to a secret is one value.
    if (isMap(theirs) && isMap(ours) && !('valueFrom' in theirs) && !('valueFrom' in ours)) {
      return this.maps(path, theirs, ours);
    }
    if (Array.isArray(theirs) && Array.isArray(ours)) return this.lists(path, theirs, ours);
    if (!this.same(theirs, ours) && !this.same(forKubelet(theirs), ours))
      this.problems.push(valueTwice(path, shown(path, theirs), shown(path, ours), fix(path)));
    return ours;
  }

  lists(path: string, theirs: readonly unknown[], ours: readonly unknown[]): readonly unknown[] {
    const added = ours.filter((our) => !theirs.some((their) => this.same(their, our)));
    for (const our of added) {
      const their = theirs.find((entry) => identity(entry) === identity(our) && identity(our) !== undefined);
      if (their === undefined) continue;
      this.problems.push(
        valueTwice(path, shown(path, their), shown(path, our), 'Leave it out, or give yours another name or path.'),
      );
    }
    return [...theirs, ...added];
  }

  /** The chart mounts its `secretVolumes` into the gateway itself: there a mount of ours would be the second of one path. */
  withoutSecretVolumes(theirs: HelmMap, ours: HelmMap): HelmMap {
    const named: readonly unknown[] = Array.isArray(theirs['secretVolumes']) ? theirs['secretVolumes'] : [];
    const { deployment } = ours as { deployment: HelmMap };
    const volumes = deployment['userDefinedVolumes'] as readonly HelmMap[];
    const mounts = deployment['userDefinedVolumeMounts'] as readonly HelmMap[];
    const left = mounts.filter(({ name, mountPath }) => {
      const theirSecret = named.find((secret) => mountPath === `/etc/secrets/${String(secret)}`);
      if (theirSecret === undefined) return true;
      const secret = volumes.find((volume) => volume['name'] === name)?.['secret'] as
        { secretName: string } | undefined;
      const ourSecret = secret?.secretName;
      if (!this.same(theirSecret, ourSecret)) {
        const path = `secretVolumes at ${String(mountPath)}`;
        this.problems.push(
          valueTwice(path, shown('', theirSecret), shown('', ourSecret), 'Give secretMounts the same.'),
        );
      }
      return false;
    });
    return { ...ours, deployment: { ...deployment, userDefinedVolumeMounts: left } };
  }

  /** Whether two values are written alike; the chart quotes numbers and switches of an environment. */
  same(one: unknown, other: unknown): boolean {
    const [a, b] = [one, other].map((value) => this.canonical(value));
    return JSON.stringify(a) === JSON.stringify(b);
  }

  canonical(value: unknown): unknown {
    if (typeof value === 'string') return textAtSynth(value) ?? resolveTokens(this.construct, value);
    if (Token.isUnresolved(value)) return resolveTokens(this.construct, value);
    if (Array.isArray(value)) return value.map((member) => this.canonical(member));
    if (!isMap(value)) return typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    const sorted = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
    return Object.fromEntries(sorted.map(([key, member]) => [key, this.canonical(member)]));
  }
}

/** A token as our values have it. */
const forKubelet = (value: unknown): unknown => (typeof value === 'string' ? Text.of(value, dollar).toString() : value);

const below = (path: string, key: string): string => (path === '' ? key : `${path}.${key}`);

export const isMap = (value: unknown): value is HelmMap =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !Token.isUnresolved(value);

/** By which Kubernetes takes two entries of a list for one: a mount's path, else the name. */
function identity(entry: unknown): string | undefined {
  if (!isMap(entry)) return undefined;
  const { mountPath, name } = entry;
  if (typeof mountPath === 'string') return `at ${mountPath.replace(/(?<=.)\/+$/, '')}`;
  return typeof name === 'string' ? name : undefined;
}

/** A value as a message may show it. */
function shown(path: string, value: unknown): string {
  const [, name] = /^env\.(.*)$/.exec(path) ?? [];
  const text = typeof value === 'string' ? textAtSynth(value) : undefined;
  if (typeof value === 'string') {
    if (text === undefined) return 'a value that Terraform alone knows';
    return name !== undefined && showsSecret(variableOf(name), text) ? 'a secret' : show(text);
  }
  // A container, whose variables are nobody's to show.
  if (isMap(value) && 'image' in value) return `a container ${JSON.stringify(value['name'])}`;
  return printable(JSON.stringify(value));
}

const variableOf = (name: string): string => `KONG_${name.toUpperCase()}`;

/** Where to say it instead. */
const props: ReadonlyMap<string, string> = new Map([
  ['image.repository', 'gatewayRepository'],
  ['image.tag', 'gatewayVersion to the importer'],
  ['status.http.containerPort', 'gatewayStatusPort to the importer'],
  ['deployment.serviceAccount.name', 'serviceAccountName'],
]);

function fix(path: string): string {
  const [, key = '', name = ''] = /^(env|customEnv)\.(.*)$/.exec(path) ?? [];
  const prop = key === '' ? props.get(path) : propOfVariable(key === 'env' ? variableOf(name) : name);
  return prop === undefined ? 'Leave it out.' : `Leave it out; where it is to differ, give ${prop}.`;
}

/** What no values file can be, or hold. */
function unusable(path: string, value: unknown): Problem[] {
  const place = path === '' ? 'the values' : path;
  if (path === '' && typeof value === 'string' && !Token.isUnresolved(value)) return [noHelmValues(place, 'a text')];
  if (Token.isUnresolved(value)) return path === '' ? [noHelmValues(place, 'known to Terraform alone')] : [];
  if (Array.isArray(value)) {
    if (path === '') return [noHelmValues(place, 'a list')];
    return value.flatMap((member, index) => unusable(`${path}[${index}]`, member));
  }
  if (isMap(value)) {
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== null && !isPlain(prototype)) return [noHelmValues(place, `a ${value.constructor.name}`)];
    return Object.entries(value).flatMap(([key, member]) => unusable(below(path, key), member));
  }
  const scalar = value === null || ['string', 'number', 'boolean', 'undefined'].includes(typeof value);
  return path !== '' && scalar ? [] : [noHelmValues(place, value === null ? 'null' : `a ${typeof value}`)];
}

/** Of an object of another realm too. */
const isPlain = (prototype: unknown): boolean => Object.getPrototypeOf(prototype) === null;
