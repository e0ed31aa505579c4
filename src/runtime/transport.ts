/** A refused connection, a TLS failure, a time limit, a broken HTTP answer: whatever never became an answer. */
export function isTransportError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = (error as NodeJS.ErrnoException).code;
  if (error.name === 'TimeoutError' || error.name === 'AbortError') return true;
  if (error instanceof AggregateError) return error.errors.some(isTransportError);
  if (typeof code !== 'string') return false;
  // A file that cannot be read.
  if ((error as NodeJS.ErrnoException).path !== undefined) return false;
  return /^(E(?!RR_)[A-Z0-9]+|HPE_[A-Z_]+|UND_ERR_[A-Z_]+|ERR_(TLS|SSL|SOCKET|STREAM)_[A-Z_]+|[A-Z_]*CERT[A-Z_]*)$/.test(
    code,
  );
}

/** The HTTP status in an error of the AWS SDK, also of an answer that it could not read; undefined where no answer came. */
export function awsStatusOf(error: unknown): number | undefined {
  const { $metadata, $response } = error as {
    $metadata?: { httpStatusCode?: number };
    $response?: { statusCode?: number };
  };
  return $metadata?.httpStatusCode ?? $response?.statusCode;
}
