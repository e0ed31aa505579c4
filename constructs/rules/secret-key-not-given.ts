import { statementsOf, type Statement } from './access/iam';
import { isManagedKey } from './access/managed-key';
import { textOf, textsOf } from './reading/attributes';
import { nameInArn } from './reading/computed';
import type { Element } from './reading/element';
import { equals } from './reading/text';
import type { View } from './reading/view';
import { defineRule, type Finding } from './rule';

/** The right to a secret comes by itself, and opens nothing without that to its key. */
export const secretKeyNotGiven = defineRule(
  'KR_RULE_SECRET_KEY_NOT_GIVEN',
  'warning',
  'A customer key of KMS encrypts a secret that a deployment of this library reads, and it is not given the key.',
  (view, tell) =>
    view.app.all('resource', 'aws_iam_role_policy').flatMap((policy): Finding[] => {
      const statements = (statementsOf(textOf(policy.attributes, 'policy') ?? '') ?? []).filter(({ Sid }) =>
        isOurs(Sid),
      );
      if (statements.some(({ Sid }) => Sid === keySid)) return [];
      return secretsOf(view, statements).flatMap(({ secret, key }): Finding[] => [
        tell.found(
          policy.construct,
          `the role ${view.show(nameInArn(textOf(policy.attributes, 'role') ?? ''))} gets the right to the secret ${view.show(view.nameOf(secret))}, and none to the key ${view.show(key)} of KMS that encrypts it, without which nothing that reads it starts. Give secretsKmsKeyArn to the construct that reads it.`,
        ),
      ]);
    }),
);

/** Sids of the statements that deployments get for their secrets, and for the key of those. */
const readSid = 'KongSecrets';
const keySid = 'KongSecretsKey';
const isOurs = (sid: unknown): boolean => sid === readSid || sid === keySid;

/** The secrets of the app that statements name, with the key of each. */
function secretsOf(
  view: View,
  statements: readonly Statement[],
): readonly { readonly secret: Element; readonly key: string }[] {
  const named = statements.flatMap((statement) => textsOf(statement, 'Resource'));
  return view.app.all('resource', 'aws_secretsmanager_secret').flatMap((secret) => {
    const key = textOf(secret.attributes, 'kms_key_id');
    if (key === undefined || isManagedKey(key, 'secretsmanager')) return [];
    return named.some((arn) => equals(arn, view.nameOf(secret)) === 'yes') ? [{ secret, key }] : [];
  });
}
