import { defineProblem, type Problem } from '../problems';

export const notFullVersion = defineProblem(
  'KR_TF_GATEWAY_VERSION',
  'A gateway version is not a full, pinned one.',
  (prop: string, value: string, meant: string) =>
    `${prop} is "${value}": it must be a full version of three parts (open source, 3.9.1) or four (Enterprise, 3.10.0.2), since the configuration is stored under it; ${meant}`,
);

export const versionListToken = defineProblem(
  'KR_TF_GATEWAY_VERSION_LIST',
  'The list of the gateway versions of a store is a token, so that its length is not known.',
  () =>
    'gatewayVersions is a token: each version gets lifecycle rules of its own, so their number must be known. Give a list; its members may be tokens.',
);

export const notAList = defineProblem(
  'KR_TF_LIST',
  'A prop that takes a list is given something else.',
  (prop: string, value: unknown, example: string) =>
    `${prop} is ${JSON.stringify(value) ?? String(value)}: it must be a list. Write it in brackets, such as ${example}.`,
);

export const noVersions = defineProblem(
  'KR_TF_NO_GATEWAY_VERSION',
  'An exporter has no gateway version.',
  () => 'gatewayVersions is empty: name each version that your data planes run, such as ["3.9.1"].',
);

export const versionTwice = defineProblem(
  'KR_TF_GATEWAY_VERSION_TWICE',
  'An exporter has a gateway version twice.',
  (version: string) => `gatewayVersions has "${version}" twice. Name each version once.`,
);

export const mixedEditions = defineProblem(
  'KR_TF_MIXED_EDITIONS',
  'An exporter has open-source and Enterprise versions.',
  (versions: string) =>
    `gatewayVersions is ${versions}: versions of open source (three parts) and Enterprise (four) come from different control planes. Declare an exporter for each.`,
);

export const notExported = defineProblem(
  'KR_TF_NOT_EXPORTED',
  'An importer has a gateway version that no exporter exports.',
  (importer: string, version: string, exported: string) =>
    `importer "${importer}" runs gateway ${version}, which no exporter here exports (${exported}): in an outage its new nodes would find nothing of their version. Upgrade in this order: add "${version}" to the exporter's gatewayVersions and deploy; wait until "kong-resilience status" shows it stored; then upgrade the importer; remove the old version last.`,
);

export const noExporter = defineProblem(
  'KR_TF_NO_EXPORTER',
  'A topology has importers and no exporter.',
  () =>
    'there are importers and no exporter, so nothing would ever be stored. Add one with addExporter; where another stack exports to this store, declare an ImporterNode by itself, in the place of KongResilience.',
);

export const notAPort = defineProblem(
  'KR_TF_PORT',
  'A port is not a whole number from 1 to 65535.',
  (prop: string, value: number) => `${prop} is ${value}: it must be a whole number from 1 to 65535.`,
);

export const noReadiness = defineProblem(
  'KR_TF_NO_STATUS_READY',
  'The gateway version has no readiness endpoint that can see an empty node.',
  (version: string) =>
    `gateway ${version} has no /status/ready (since 3.3), so that no readiness check can tell a node without a configuration. Upgrade the gateway.`,
);

export const looseImage = defineProblem(
  'KR_TF_IMAGE',
  'An image is named without a full tag or digest.',
  (prop: string, value: unknown) =>
    `${prop} is ${JSON.stringify(value) ?? String(value)}: it must end with a full tag (":0.1.0") or a digest ("@sha256:…"), so that what runs is what was tested; "latest" is none.`,
);

export const oneSided = defineProblem(
  'KR_TF_CLUSTER_ONE_SIDED',
  "A gateway's container says how it reaches its control plane, and the agent beside it is not told.",
  (container: string, names: string, props: string) =>
    `the container "${container}" has ${names}, which the agent reads and is not told here: it would reach the control plane in another way, or not at all. Give ${props}.`,
);

export const unusedAuthority = defineProblem(
  'KR_TF_CLUSTER_UNUSED_CA',
  'An authority is given, and the mode is `shared`, which asks none.',
  () =>
    'clusterCaCert is given, and the mode is "shared", in which the control plane must show the same certificate and no authority is asked. Where your nodes have KONG_CLUSTER_MTLS, pass clusterMtls.',
);

export const publicAuthority = defineProblem(
  'KR_TF_CLUSTER_PUBLIC_CA',
  "In a `pki` mode no authority is given, so that the control plane's certificate must come from a public one.",
  (mtls: string) =>
    `clusterMtls is "${mtls}", and there is no clusterCaCert: the control plane's certificate must come from a public CA. Where it comes from one of your own, pass clusterCaCert.`,
);

const gatewayImage = defineProblem(
  'KR_TF_GATEWAY_IMAGE',
  "The tag of a gateway's image is another version than the importer's, or one that moves on.",
  (text: string) => text,
);

export const otherImageVersion = (image: string, version: string): Problem =>
  gatewayImage(
    `the gateway's image is "${image}", and gatewayVersion is ${version}: what is imported is stored under the version, so that the gateway would come up with the configuration of another. Make them one.`,
  );

export const movingImage = (image: string): Problem =>
  gatewayImage(
    `the gateway's image is "${image}", whose tag moves on, and the configuration is stored under one exact version: one day the gateway would be another than gatewayVersion. Pin the full tag, such as kong:3.9.1, or a digest.`,
  );

export const wrongAge = defineProblem(
  'KR_TF_ALARM_AGE',
  'The age at which an alarm is raised is out of its range.',
  (prop: string, value: number, allowed: string) => `${prop} is ${value}: it must be ${allowed}.`,
);

export const notMounted = defineProblem(
  'KR_TF_FILE_NOT_MOUNTED',
  "A variable names a file that is not in the agent's pod, container or function.",
  (name: string, path: string, place: string, fix: string) => `${name} names ${path}, which is not in ${place}. ${fix}`,
);
