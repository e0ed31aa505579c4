/* global fetch -- of Node */
// The runtime of Node.js: loads the handler that _HANDLER names, and gives it one event after the other ("Using the Lambda runtime API").
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const { AWS_LAMBDA_RUNTIME_API, LAMBDA_TASK_ROOT, _HANDLER } = process.env;
const api = `http://${AWS_LAMBDA_RUNTIME_API}/2018-06-01/runtime`;

const post = (path, body) => fetch(`${api}/${path}`, { method: 'POST', body: JSON.stringify(body ?? null) });
const told = (error, type = error?.name ?? 'Error') => ({
  errorType: type,
  errorMessage: `${error?.message ?? error}`,
});

async function load() {
  const [, name, method] = /^(.*)\.([^.]+)$/.exec(_HANDLER) ?? [];
  const file = ['.js', '.mjs', '.cjs'].map((end) => join(LAMBDA_TASK_ROOT, `${name}${end}`)).find(existsSync);
  if (file === undefined) throw told(`Cannot find module '${name}'`, 'Runtime.ImportModuleError');
  const { default: whole, ...members } = await import(pathToFileURL(file).href);
  const handler = members[method] ?? whole?.[method];
  if (typeof handler !== 'function') throw told(`${_HANDLER} is undefined or not exported`, 'Runtime.HandlerNotFound');
  return handler;
}

let handler;
try {
  handler = await load();
} catch (error) {
  await post('init/error', error.errorType === undefined ? told(error) : error);
  process.exit(1);
}
for (;;) {
  const next = await fetch(`${api}/invocation/next`);
  const id = next.headers.get('lambda-runtime-aws-request-id');
  const deadline = Number(next.headers.get('lambda-runtime-deadline-ms'));
  const context = {
    awsRequestId: id,
    invokedFunctionArn: next.headers.get('lambda-runtime-invoked-function-arn'),
    getRemainingTimeInMillis: () => deadline - Date.now(),
  };
  const event = await next.json();
  try {
    await post(`invocation/${id}/response`, await handler(event, context));
  } catch (error) {
    await post(`invocation/${id}/error`, told(error));
  }
}
