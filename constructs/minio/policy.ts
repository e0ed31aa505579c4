import { Lazy } from 'cdktf';

/**
 * One statement of a policy as MinIO and S3 read it. That of a store may still grow until the stack is synthesized: whoever
 * takes one reads it only then.
 */
export interface MinioPolicyStatement {
  readonly Effect: string;
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
}

/** A policy of such statements as JSON text. */
export function policyText(statements: readonly MinioPolicyStatement[]): string {
  return JSON.stringify({ Version: '2012-10-17', Statement: statements });
}

/** What is allowed to one principal. Statements are read when the stack is synthesized; the same one twice is one. */
export class PolicyDocument {
  readonly #statements: MinioPolicyStatement[] = [];
  /** The policy as JSON text, in a token. */
  readonly text: string;

  /** @param whenEmpty the statements of a policy that allows nothing, where the text of an empty one means something else */
  constructor(whenEmpty: readonly MinioPolicyStatement[]) {
    this.text = Lazy.stringValue({
      produce: () => policyText(this.#statements.length === 0 ? whenEmpty : eachOnce(this.#statements)),
    });
  }

  add(statement: MinioPolicyStatement): void {
    this.#statements.push(statement);
  }
}

function eachOnce(statements: readonly MinioPolicyStatement[]): readonly MinioPolicyStatement[] {
  return [...new Map(statements.map((statement) => [JSON.stringify(statement), statement])).values()];
}

/** Nothing at all; wins over every other statement. */
export const denyAll: MinioPolicyStatement = { Effect: 'Deny', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] };

/**
 * What an importer needs: get and list below the prefix. `arn:aws:s3:::` is MinIO's own form, and that of the stores that
 * copy S3: they have no partitions.
 *
 * @param folder the prefix with a slash behind it, or empty
 */
export function importStatements(bucket: string, folder: string): MinioPolicyStatement[] {
  const arn = `arn:aws:s3:::${bucket}`;
  return [
    { Effect: 'Allow', Action: ['s3:GetObject'], Resource: [`${arn}/${folder}*`] },
    {
      Effect: 'Allow',
      Action: ['s3:ListBucket'],
      Resource: [arn],
      // A condition that admits every key would still refuse to tell whether the bucket is there.
      ...(folder === '' ? {} : { Condition: { StringLike: { 's3:prefix': [`${folder}*`] } } }),
    },
  ];
}

/**
 * What an exporter needs: put of what it writes, and what an importer needs. It deletes nothing.
 *
 * @param elects whether an Enterprise gateway may write, which elects a leader under `election/`; asked whenever it is read
 */
export function exportStatements(bucket: string, folder: string, elects: () => boolean): MinioPolicyStatement[] {
  const versions = `arn:aws:s3:::${bucket}/${folder}*`;
  return [
    {
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      get Resource() {
        const written = ['config.json', 'kong-resilience.json', ...(elects() ? ['election/*'] : [])];
        return written.map((name) => `${versions}/${name}`);
      },
    },
    ...importStatements(bucket, folder),
  ];
}
