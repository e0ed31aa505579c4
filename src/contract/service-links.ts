/** What Kubernetes calls the variables that it adds for each port of a Service. */
const link = /^(\w+?)_(?:SERVICE_PORT(?:_\w+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;

/**
 * Whether a variable is one that Kubernetes adds to a container for a Service of its namespace: a Service `kong-cluster`
 * brings `KONG_CLUSTER_PORT`, which nobody has misspelt. There is always `<SERVICE>_SERVICE_HOST` beside it.
 */
export function isServiceLink(name: string, env: Readonly<Record<string, string | undefined>>): boolean {
  const [, service] = link.exec(name) ?? /^(\w+)_SERVICE_HOST$/.exec(name) ?? [];
  return (
    service !== undefined &&
    env[`${service}_SERVICE_HOST`] !== undefined &&
    env[`${service}_SERVICE_PORT`] !== undefined
  );
}
