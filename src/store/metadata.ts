/** Bytes of user metadata, keys and values together, that every store takes (S3 stops at 2 KB with headers' names). */
export const maxMetadataBytes = 1280;

/**
 * Checks user metadata before it is sent.
 *
 * @throws TypeError for keys that are not lower-case letters, digits and hyphens, for values that are not printable
 *   ASCII or begin or end with a space (stores return them altered), and for more than 1,280 bytes in all: a
 *   programming error, since the metadata is ours
 */
export function checkMetadata(metadata: Readonly<Record<string, string>>): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(metadata)) {
    if (!/^[a-z0-9-]+$/.test(key)) {
      throw new TypeError(
        `metadata key ${JSON.stringify(key)}: only lower-case letters, digits and hyphens are allowed`,
      );
    }
    if (!/^([!-~]([ -~]*[!-~])?)?$/.test(value)) {
      throw new TypeError(`metadata ${key}: only printable ASCII without outer spaces is allowed`);
    }
    bytes += key.length + value.length;
  }
  if (bytes > maxMetadataBytes) {
    throw new TypeError(`metadata of ${bytes} bytes: at most ${maxMetadataBytes} are allowed`);
  }
}
