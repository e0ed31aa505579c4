import { Construct } from 'constructs';
import type { EnvValue, EnvValues } from '../environment';
import { throwProblems } from '../problems';
import type { IPrincipal } from '../topology';
import { plainSecret } from './problems';

export interface ExistingKeysProps {
  /** Access key; plain or secret. */
  readonly accessKeyId: EnvValue;
  /** Secret key; a secret of the node's platform. */
  readonly secretAccessKey: EnvValue;
}

/**
 * Keys that exist already and whose rights someone else gives: of any S3-compatible store. A store grants them nothing, and
 * says so by an annotation; the policy that they need is its `exportPolicy` or `importPolicy`.
 *
 * @throws DeclarationError when the secret key is plain text
 */
export class ExistingKeys extends Construct implements IPrincipal {
  readonly credentials: EnvValues;

  constructor(scope: Construct, id: string, props: ExistingKeysProps) {
    super(scope, id);
    if (!props.secretAccessKey.isSecret) throwProblems(this, [plainSecret()]);
    this.credentials = { AWS_ACCESS_KEY_ID: props.accessKeyId, AWS_SECRET_ACCESS_KEY: props.secretAccessKey };
  }
}
