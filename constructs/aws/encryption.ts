import { checkKeyArn } from './checks';
import type { Problem } from '../problems';

/** How a store's objects are encrypted; what the store decides by. */
type EncryptionChoice =
  { readonly kind: 's3' } | { readonly kind: 'own-key' } | { readonly kind: 'existing-key'; readonly arn: string };

/** For the store alone. */
export let choiceOf: (encryption: S3Encryption) => EncryptionChoice;

/** How S3 encrypts the objects of a store at rest. */
export class S3Encryption {
  readonly #choice: EncryptionChoice;

  static {
    choiceOf = (encryption) => encryption.#choice;
  }

  private constructor(choice: EncryptionChoice) {
    this.#choice = choice;
  }

  /** With keys that S3 manages (SSE-S3). Who may get an object may read it. */
  static s3Managed(): S3Encryption {
    return new S3Encryption({ kind: 's3' });
  }

  /**
   * With a key of KMS that the store declares, rotated every year, and a bucket key, which spares most calls of KMS. Who
   * reads needs the key as well: the store grants it with its two verbs.
   */
  static ownKey(): S3Encryption {
    return new S3Encryption({ kind: 'own-key' });
  }

  /**
   * With a key of KMS that exists, and a bucket key. Its policy must let IAM policies of the account decide (the
   * default), or hold the store's `keyPolicyStatements`.
   *
   * @param arn ARN of the key, in the bucket's region; no alias
   */
  static existingKey(arn: string): S3Encryption {
    return new S3Encryption({ kind: 'existing-key', arn });
  }
}

/** Whether an existing key is given as it must be. */
export function checkEncryption(prop: string, encryption: S3Encryption): Problem[] {
  const choice = choiceOf(encryption);
  return choice.kind === 'existing-key' ? checkKeyArn(prop, choice.arn) : [];
}

/** The settings of a put that name the key: the value of KONG_CLUSTER_FALLBACK_EXPORT_S3_CONFIG. */
export function putSettingsFor(keyArn: string): string {
  return JSON.stringify({ ServerSideEncryption: 'aws:kms', SSEKMSKeyId: keyArn });
}
