import { DataGoogleStorageProjectServiceAccount } from '@cdktf/provider-google/lib/data-google-storage-project-service-account';
import { KmsCryptoKey } from '@cdktf/provider-google/lib/kms-crypto-key';
import { KmsCryptoKeyIamMember } from '@cdktf/provider-google/lib/kms-crypto-key-iam-member';
import { KmsKeyRing } from '@cdktf/provider-google/lib/kms-key-ring';
import { Fn, type ITerraformDependable } from 'cdktf';
import type { Construct } from 'constructs';
import { isKnown, type Problem } from '../problems';
import { generatedKeyRingName, secondsOf } from './names';
import { keyElsewhere, outOfRange, wrongKey, wrongKeyRing } from './problems';

/** A new key for one bucket. */
export interface GcsOwnKeyProps {
  /**
   * Name of the key ring: 1 to 63 letters, digits, hyphens and underscores. Google never deletes a key ring: to declare the
   * same bucket again after a destroy, import the ring or name another.
   *
   * @default made of the store's id and a hash of its path
   */
  readonly keyRingName?: string;
  /** After how many days a new version of the key encrypts what is stored from then on; the old ones still decrypt. @default 90 */
  readonly rotationDays?: number;
}

/** What the store tells of its bucket. */
export interface EncryptedBucket {
  readonly location: string;
  readonly project: string | undefined;
  readonly preventDestroy: boolean;
  readonly labels: Readonly<Record<string, string>> | undefined;
}

interface KeySource {
  problems(location: string): Problem[];
  /** Declares what is needed below the store. The bucket must wait for `dependsOn`. */
  declare(
    store: Construct,
    bucket: EncryptedBucket,
  ): { keyName: string; dependsOn: ITerraformDependable[] } | undefined;
}

/** For the store alone. */
export let keySourceOf: (encryption: GcsEncryption) => KeySource;

/** In multi-regions the two services have different names for one location. */
const keyLocations = new Map([['eu', 'europe']]);

/**
 * How a bucket's objects are encrypted at rest. With a key of Cloud KMS the storage service agent of the bucket's project
 * alone encrypts and decrypts: neither exporters nor importers need a right to the key. Whoever disables the key, or
 * destroys a version of it, makes the stored configurations unreadable, for new gateway nodes too.
 */
export class GcsEncryption {
  static {
    keySourceOf = (encryption) => encryption.source;
  }

  private constructor(private readonly source: KeySource) {}

  /** Keys of Google: always on, without cost. */
  static googleManaged(): GcsEncryption {
    return new GcsEncryption({ problems: () => [], declare: () => undefined });
  }

  /** A key ring and a key of this bucket alone, in its location and protected against destroy as it is. */
  static ownKey(props: GcsOwnKeyProps = {}): GcsEncryption {
    return new GcsEncryption({
      problems: () => ownKeyProblems(props),
      declare: (store, bucket) => {
        const key = declareKey(store, bucket, props);
        return { keyName: key.id, dependsOn: [grantKey(store, key.id, bucket.project)] };
      },
    });
  }

  /**
   * An existing key; the storage service agent is added to those who may use it, which needs
   * `cloudkms.cryptoKeys.setIamPolicy`.
   *
   * @param keyName `projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>`
   */
  static existingKey(keyName: string): GcsEncryption {
    return new GcsEncryption({
      problems: (location) => keyNameProblems(keyName, location),
      declare: (store, bucket) => ({ keyName, dependsOn: [grantKey(store, keyName, bucket.project)] }),
    });
  }

  /**
   * An existing key that its owner has already let the storage service agent of the bucket's project use
   * (`roles/cloudkms.cryptoKeyEncrypterDecrypter`). Nothing is changed at the key.
   *
   * @param keyName `projects/<project>/locations/<location>/keyRings/<ring>/cryptoKeys/<key>`
   */
  static grantedKey(keyName: string): GcsEncryption {
    return new GcsEncryption({
      problems: (location) => keyNameProblems(keyName, location),
      declare: () => ({ keyName, dependsOn: [] }),
    });
  }
}

function declareKey(store: Construct, bucket: EncryptedBucket, props: GcsOwnKeyProps): KmsCryptoKey {
  const ring = new KmsKeyRing(store, 'KeyRing', {
    name: props.keyRingName ?? generatedKeyRingName(store),
    location: keyLocationOf(bucket.location),
    project: bucket.project,
  });
  return new KmsCryptoKey(store, 'Key', {
    name: 'configurations',
    keyRing: ring.id,
    rotationPeriod: `${secondsOf(props.rotationDays ?? 90)}s`,
    labels: bucket.labels,
    lifecycle: { preventDestroy: bucket.preventDestroy },
  });
}

function grantKey(store: Construct, cryptoKeyId: string, project: string | undefined): KmsCryptoKeyIamMember {
  const agent = new DataGoogleStorageProjectServiceAccount(store, 'StorageServiceAgent', { project });
  return new KmsCryptoKeyIamMember(store, 'KeyGrant', {
    cryptoKeyId,
    role: 'roles/cloudkms.cryptoKeyEncrypterDecrypter',
    member: agent.member,
  });
}

/** Where the key of a bucket must be. */
function keyLocationOf(location: string): string {
  if (!isKnown(location)) {
    return Fn.lookup(Object.fromEntries(keyLocations), Fn.lower(location), Fn.lower(location)) as string;
  }
  const lower = location.toLowerCase();
  return keyLocations.get(lower) ?? lower;
}

function ownKeyProblems({ keyRingName, rotationDays }: GcsOwnKeyProps): Problem[] {
  const problems: Problem[] = [];
  if (isKnown(keyRingName) && !/^[A-Za-z0-9_-]{1,63}$/.test(keyRingName)) problems.push(wrongKeyRing(keyRingName));
  if (isKnown(rotationDays) && !(Number.isInteger(rotationDays) && rotationDays >= 1)) {
    problems.push(outOfRange('rotationDays', rotationDays, 'a whole number from 1'));
  }
  return problems;
}

function keyNameProblems(keyName: string, location: string): Problem[] {
  if (!isKnown(keyName)) return [];
  const found = /^projects\/[^/\s]+\/locations\/([^/\s]+)\/keyRings\/[^/\s]+\/cryptoKeys\/[^/\s]+$/.exec(keyName)?.[1];
  if (found === undefined) return [wrongKey(keyName)];
  if (!isKnown(location)) return [];
  const needed = keyLocationOf(location);
  return found === needed ? [] : [keyElsewhere(keyName, found, needed, location)];
}
