/** Whether a key is that of a service itself, by its alias or the ARN of that: who may use the service's resource may use it. */
export function isManagedKey(key: string, service: 's3' | 'secretsmanager'): boolean {
  const alias = `alias/aws/${service}`;
  return key === alias || key.endsWith(`:${alias}`);
}
