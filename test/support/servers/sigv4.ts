import { createHash, createHmac } from 'node:crypto';

/** Posts a form, signed as AWS Signature Version 4 demands: what the S3 client cannot send. */
export async function signedPost(
  url: URL,
  body: string,
  by: { accessKeyId: string; secretAccessKey: string; region: string; service: string },
): Promise<Response> {
  const time = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const day = time.slice(0, 8);
  const scope = `${day}/${by.region}/${by.service}/aws4_request`;
  const type = 'application/x-www-form-urlencoded';
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex');
  const canonical = [
    'POST',
    '/',
    '',
    `content-type:${type}`,
    `host:${url.host}`,
    `x-amz-date:${time}`,
    '',
    'content-type;host;x-amz-date',
    hash(body),
  ].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', time, scope, hash(canonical)].join('\n');
  const key = [day, by.region, by.service, 'aws4_request'].reduce<string | Buffer>(
    (secret, part) => createHmac('sha256', secret).update(part).digest(),
    `AWS4${by.secretAccessKey}`,
  );
  const signature = createHmac('sha256', key).update(toSign).digest('hex');
  return fetch(url, {
    method: 'POST',
    body,
    headers: {
      'content-type': type,
      'x-amz-date': time,
      authorization: `AWS4-HMAC-SHA256 Credential=${by.accessKeyId}/${scope}, SignedHeaders=content-type;host;x-amz-date, Signature=${signature}`,
    },
  });
}
