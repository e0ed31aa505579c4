import { defineProblem } from '../problems';

export const wrongName = defineProblem(
  'KR_TF_KUBERNETES_NAME',
  'A name is one that Kubernetes does not allow.',
  (prop: string, value: string, longest: number, allowed: string) =>
    `${prop} is ${JSON.stringify(value)}: it must have 1 to ${longest} characters, ${allowed}, with a letter or digit first and last.`,
);

export const agentTooLarge = defineProblem(
  'KR_TF_AGENT_TOO_LARGE',
  'The agent does not fit into a ConfigMap.',
  (bytes: number, limit: number) =>
    `the agent has ${bytes} bytes, and a ConfigMap takes ${limit}. Build an image of it and give AgentImage.fromImage.`,
);

export const agentElsewhere = defineProblem(
  'KR_TF_AGENT_NAMESPACE',
  'The ConfigMap of the agent is in another namespace than the pods that run it.',
  (configMap: string, namespace: string) =>
    `the agent's ConfigMap is in the namespace "${configMap}", and the pods are in "${namespace}", which cannot mount it. Declare another AgentConfigMap there.`,
);

export const wrongReplicas = defineProblem(
  'KR_TF_REPLICAS',
  'The number of replicas of an exporter is not a whole one from 1 to 3.',
  (replicas: number) =>
    `replicas is ${replicas}: it must be a whole number from 1 to 3. One exports at a time and the others wait to take over, so more gain nothing.`,
);

export const wrongQuantity = defineProblem(
  'KR_TF_QUANTITY',
  'An amount of processor or memory is not written as Kubernetes does.',
  (prop: string, value: string) =>
    `${prop} is ${JSON.stringify(value)}: it must be an amount as Kubernetes writes it, such as "100m" of a processor or "256Mi" of memory.`,
);

export const wrongMount = defineProblem(
  'KR_TF_SECRET_MOUNT',
  'A secret is to be mounted at what is no folder of its own.',
  (path: string) =>
    `secretMounts has ${JSON.stringify(path)}: it must be the absolute path of a folder of its own, such as "/etc/kong/cluster", and none that the pod has for something else.`,
);

export const folderMoved = defineProblem(
  'KR_TF_FOLDER_MOVED',
  'A variable moves a folder for which the pod has a volume.',
  (name: string, path: string) =>
    `${name} is set, and in a pod that folder is a volume of its own, at ${path}. Leave the variable out.`,
);

export const bashEnvTaken = defineProblem(
  'KR_TF_BASH_ENV',
  'BASH_ENV is set, by which a gateway reaches the start script.',
  () =>
    'BASH_ENV is set in the environment of the gateway, which needs it for the start script of the hand-over. Leave it out.',
);

export const wrongSchedule = defineProblem(
  'KR_TF_SCHEDULE',
  'A schedule is not one of five fields, as cron has it.',
  (schedule: string) =>
    `schedule is ${JSON.stringify(schedule)}: it must have the five fields of cron, such as "*/15 * * * *" for every 15 minutes.`,
);

export const notScraped = defineProblem(
  'KR_TF_NOT_SCRAPED',
  'Alarms watch an exporter whose network policy lets no Prometheus in.',
  (exporter: string) =>
    `the network policy of "${exporter}" lets nobody reach its metrics, so the alarm "exporter gone" would never end. Give KubernetesExporter the namespace of Prometheus as monitoringNamespace.`,
);

export const noHelmValues = defineProblem(
  'KR_TF_HELM_VALUES',
  "Values of Kong's chart that are to be merged are no map of what YAML can hold.",
  (place: string, kind: string) =>
    `${place} is ${kind}: give your values of the chart as an object, such as load(readFileSync('values.yaml', 'utf8')) of js-yaml makes of a file.`,
);

export const valueTwice = defineProblem(
  'KR_TF_HELM_CONFLICT',
  "Your values of Kong's chart and ours say the same, and differently.",
  (path: string, theirs: string, ours: string, fix: string) =>
    `${path} is ${theirs} in your values, and ${ours} in those of the importer. ${fix}`,
);

export const otherUser = defineProblem(
  'KR_TF_HELM_USER',
  "The gateway's container has another user than the init container of the import, whose files are its own.",
  (user: number, ours: number) =>
    `containerSecurityContext.runAsUser is ${user} in your values, and the init container of the import runs as ${ours}, so that what it stages cannot be read. Leave runAsUser out, or set it to ${ours}.`,
);

export const actsAsAnother = defineProblem(
  'KR_TF_HELM_ACCOUNT',
  'The service account of the gateways acts as an account of Google, and the principal of the importer is the pods themselves.',
  (annotation: string) =>
    `deployment.serviceAccount.annotations has ${annotation} in your values, so that the pods act as that account, and the rights are those of the pods. Give the importer principal: AttachedServiceAccount.fromEmail(…) with that account, or leave the annotation out.`,
);

export const otherAccount = defineProblem(
  'KR_TF_POD_ACCOUNT',
  'Pods are in another namespace, or of another service account, than the one that their principal trusts.',
  (prop: string, value: string, principal: string, trusted: string) =>
    `${prop} is ${JSON.stringify(value)}, and the principal "${principal}" trusts pods with ${JSON.stringify(trusted)} alone: the cloud would refuse these. Make the two one.`,
);
