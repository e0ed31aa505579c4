import { IamInstanceProfile } from '@cdktf/provider-aws/lib/iam-instance-profile';
import { IamRole } from '@cdktf/provider-aws/lib/iam-role';
import { AwsProvider } from '@cdktf/provider-aws/lib/provider';
import { S3Bucket } from '@cdktf/provider-aws/lib/s3-bucket';
import { S3BucketLifecycleConfiguration } from '@cdktf/provider-aws/lib/s3-bucket-lifecycle-configuration';
import { S3BucketPolicy } from '@cdktf/provider-aws/lib/s3-bucket-policy';
import { S3BucketVersioningA } from '@cdktf/provider-aws/lib/s3-bucket-versioning';
import { SecurityGroup } from '@cdktf/provider-aws/lib/security-group';
import { Vpc } from '@cdktf/provider-aws/lib/vpc';
import { VpcEndpoint } from '@cdktf/provider-aws/lib/vpc-endpoint';
import { App, TerraformOutput, TerraformStack, TerraformVariable } from 'cdktf';
import type { Construct } from 'constructs';
import {
  acknowledge,
  EnvValue,
  ExistingRole,
  KongResilience,
  KongResilienceRules,
  S3Store,
  SystemdExporter,
  SystemdGateway,
} from 'cdktf-kong-resilience/aws';

/** One version for every gateway; during an upgrade the exporter has both. */
const gatewayVersion = '3.9.1';

class Platform extends TerraformStack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const region = this.variable('region', 'Region of everything here.', 'eu-central-1');
    new AwsProvider(this, 'Aws', { region });

    // What was there before: a network, a role of the gateways' machines, a bucket with settings of its own.
    const vpc = new Vpc(this, 'Network', { cidrBlock: '10.20.0.0/16', enableDnsHostnames: true });
    new VpcEndpoint(this, 'S3Endpoint', { vpcId: vpc.id, serviceName: `com.amazonaws.${region}.s3` });
    const gateways = new SecurityGroup(this, 'Gateways', {
      namePrefix: 'gateways-',
      vpcId: vpc.id,
      egress: [{ protocol: '-1', fromPort: 0, toPort: 0, cidrBlocks: ['0.0.0.0/0'] }],
    });
    const gatewayRole = new IamRole(this, 'GatewayRole', {
      namePrefix: 'gateway-',
      assumeRolePolicy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [{ Effect: 'Allow', Principal: { Service: 'ec2.amazonaws.com' }, Action: 'sts:AssumeRole' }],
      }),
    });
    new IamInstanceProfile(this, 'GatewayProfile', { namePrefix: 'gateway-', role: gatewayRole.name });
    const bucket = new S3Bucket(this, 'Bucket', { bucketPrefix: 'platform-', lifecycle: { preventDestroy: true } });
    const versioning = new S3BucketVersioningA(this, 'BucketVersioning', {
      bucket: bucket.bucket,
      versioningConfiguration: { status: 'Enabled' },
    });

    // What is added: the store in that bucket, the exporter with a role of another stack, the gateways with theirs.
    const store = S3Store.fromBucketName(this, 'Store', bucket.bucket, { prefix: 'kong' });
    const kong = new KongResilience(this, 'Kong', {
      store,
      controlPlane: this.variable('control_plane', 'host:port of the cluster listener of the control plane.'),
      clusterCert: EnvValue.fromText('/etc/kong/cluster.crt'),
      clusterCertKey: EnvValue.fromText('/etc/kong/cluster.key'),
    });
    const exporterRole = this.variable('exporter_role_name', 'Name of the role of the machine of the exporter.');
    const exporter = kong.addExporter('Exporter', {
      principal: ExistingRole.fromRoleName(this, 'ExporterRole', exporterRole),
      gatewayVersions: [gatewayVersion],
    });
    const gateway = kong.addImporter('Gateway', {
      principal: ExistingRole.fromRoleArn(this, 'GatewayPrincipal', gatewayRole.arn),
      gatewayVersion,
    });

    acknowledge(bucket, 'KR_RULE_PUBLIC_ACCESS_NOT_BLOCKED', 'The account blocks public access to all its buckets.');

    // What is merged: a bucket has one policy and one lifecycle, and both stay where they were.
    new S3BucketPolicy(this, 'BucketPolicy', {
      bucket: bucket.bucket,
      policy: JSON.stringify({
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'NobodyDeletesReports',
            Effect: 'Deny',
            Principal: '*',
            Action: 's3:DeleteObject',
            Resource: `${bucket.arn}/reports/*`,
          },
          ...store.bucketPolicyStatements,
        ],
      }),
    });
    new S3BucketLifecycleConfiguration(this, 'BucketLifecycle', {
      bucket: bucket.bucket,
      rule: [
        { id: 'logs', status: 'Enabled', filter: [{ prefix: 'logs/' }], expiration: [{ days: 90 }] },
        ...store.lifecycleRules,
      ],
      dependsOn: [versioning],
    });

    new TerraformOutput(this, 'gateway_security_group', { value: gateways.id });
    new TerraformOutput(this, 'exporter_files', {
      description: "The exporter's machine: path, mode and content of each file",
      value: new SystemdExporter(this, 'ExporterUnit', { exporter }).files,
    });
    new TerraformOutput(this, 'gateway_files', {
      description: 'The machine of each gateway: the same',
      value: new SystemdGateway(this, 'GatewayUnit', { importer: gateway }).files,
    });
  }

  private variable(name: string, description: string, defaultValue?: string): string {
    return new TerraformVariable(this, name, { type: 'string', description, default: defaultValue }).stringValue;
  }
}

const app = new App();
new Platform(app, 'platform');
KongResilienceRules.addToStacks(app);
app.synth();
