import { onKubernetes } from './kubernetes-deployment';
import { describeDeployment } from './scenarios';
import { gcsServer } from './store-server';

describeDeployment(
  onKubernetes({
    name: 'Google Kubernetes Engine (examples/google)',
    store: { program: 'fake-gcs-server', start: gcsServer },
    knowsKeys: false,
    example: {
      folder: 'google',
      stack: 'kong-google',
      variables: { control_plane: 'cp.example.com:8005', project: 'edge-prod' },
    },
    // Google Cloud Storage is a server on this machine, which knows no identities.
    added: { KONG_RESILIENCE_GCS_ENDPOINT: 'http://gcs.example.com:4443/' },
    cloud: (world) => Promise.resolve({ reachable: { 'gcs.example.com:4443': world.storePort }, identity: () => ({}) }),
  }),
);
