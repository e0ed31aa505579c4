/** The bindings do not say which attributes the providers mark as sensitive: these are, of the types that we use. */
export const sensitive: Readonly<Record<string, readonly string[]>> = {
  aws_db_instance: ['password'],
  aws_iam_access_key: ['secret', 'ses_smtp_password_v4'],
  aws_secretsmanager_secret_version: ['secret_binary', 'secret_string'],
  aws_ssm_parameter: ['value'],
  google_client_config: ['access_token'],
  google_secret_manager_secret_version: ['secret_data'],
  google_service_account_key: ['private_key'],
  google_storage_hmac_key: ['secret'],
};

/** Whether an attribute of a resource type is sensitive; one written only is so too. */
export const isSensitive = (type: string, attribute: string): boolean =>
  attribute.endsWith('_wo') || (sensitive[type]?.includes(attribute) ?? false);
