/** How MinIO encrypts what it stores. The server needs a key service (KES): without one it refuses the setting. */
export class MinioEncryption {
  private constructor(
    /** Value of `encryption_type`. */
    readonly encryptionType: string,
    /** Value of `kms_key_id`. */
    readonly kmsKeyId?: string,
  ) {}

  /** SSE-S3: with the server's own key. */
  static serverManaged(): MinioEncryption {
    return new MinioEncryption('AES256');
  }

  /** SSE-KMS: with a key of the server's key service, by its name there. */
  static withKey(kmsKeyId: string): MinioEncryption {
    return new MinioEncryption('aws:kms', kmsKeyId);
  }
}
