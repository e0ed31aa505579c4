import { metadataServer } from '../support/platforms/credentials';
import { describeCheck } from './checks';
import { checkOnKubernetes, type KubernetesCloud, onKubernetes } from './kubernetes-deployment';
import { describeDeployment } from './scenarios';
import { gcsServer } from './store-server';

const cloud: KubernetesCloud = {
  name: 'Google Kubernetes Engine (examples/google)',
  store: { program: 'fake-gcs-server', start: gcsServer },
  knowsKeys: true,
  accountsMatter: false,
  // Pods are rendered as on EKS, where all the rest is tried: what is other here is the store and the identity.
  scenarios: [
    'exports what the control plane has, and starts with what it has',
    'starts in an outage with what was exported last, also after the exporter was restarted',
    'starts in an outage with a store that is slow',
    'starts as without us where control plane and store are down',
    'starts as without us with a wrong key, and with the control plane when it is there',
  ],
  mutants: ['whose import looks elsewhere', 'whose exporter writes elsewhere'],
  example: {
    folder: 'google',
    stack: 'kong-google',
    variables: { control_plane: 'cp.example.com:8005', project: 'edge-prod' },
  },
  // Google Cloud Storage is a server on this machine, which knows no identities: their tokens are given, or not.
  added: { KONG_RESILIENCE_GCS_ENDPOINT: 'http://gcs.example.com:4443/' },
  cloud: async (world) => {
    const endpoint = await metadataServer(world.machine, () => world.keys === 'right');
    return {
      reachable: {
        'gcs.example.com:4443': world.storePort,
        '169.254.169.254:80': () => endpoint,
        // As Google's library spells it.
        'metadata.google.internal.:80': () => endpoint,
      },
      identity: () => ({}),
    };
  },
};

describeDeployment(onKubernetes(cloud));
describeCheck(checkOnKubernetes(cloud));
