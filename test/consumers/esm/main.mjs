import { AwsProvider } from '@cdktf/provider-aws/lib/provider/index.js';
import { App, TerraformOutput, TerraformStack } from 'cdktf';
import { EcsTaskRole, EnvValue, KongResilience, S3Store } from 'cdktf-kong-resilience/aws';
import { parseGatewayVersion } from 'cdktf-kong-resilience';

const app = new App();
const stack = new TerraformStack(app, 'consumer');
new AwsProvider(stack, 'aws', { region: 'eu-west-1' });
const resilience = new KongResilience(stack, 'KongResilience', {
  store: new S3Store(stack, 'Store', { bucketName: 'example-kong-fallback' }),
  controlPlane: 'cp.example.com:8005',
  clusterCert: EnvValue.fromText('/etc/kong/cluster.crt'),
  clusterCertKey: EnvValue.fromText('/etc/kong/cluster.key'),
});
const gatewayVersion = parseGatewayVersion('3.9.1').text;
const exporter = resilience.addExporter('Exporter', {
  principal: new EcsTaskRole(stack, 'ExporterRole'),
  gatewayVersions: [gatewayVersion],
});
resilience.addImporter('Importer', { principal: new EcsTaskRole(stack, 'ImporterRole'), gatewayVersion });
new TerraformOutput(stack, 'environment', { value: exporter.agentEnvironment.toEcs() });
app.synth();
