import { CloudwatchLogGroup } from '@cdktf/provider-aws/lib/cloudwatch-log-group';
import type { Construct } from 'constructs';
import type { PolicyStatement } from '../policy';
import type { PlaceProps } from './surroundings';

export interface LogProps {
  /**
   * Days that CloudWatch keeps the log: one of its own numbers, such as 7, 30, 90 or 365.
   *
   * @default 30
   */
  readonly logRetentionDays?: number;
}

export function declareLogGroup(
  scope: Construct,
  name: string,
  { logRetentionDays = 30, provider, region, tags }: LogProps & PlaceProps,
): CloudwatchLogGroup {
  return new CloudwatchLogGroup(scope, 'Log', {
    provider,
    region,
    namePrefix: `/kong-resilience/${name}-`,
    retentionInDays: logRetentionDays,
    tags,
  });
}

/** Lets somebody write a log group's streams. */
export function logRights({ arn }: CloudwatchLogGroup): PolicyStatement {
  return {
    Sid: 'KongLog',
    Effect: 'Allow',
    Action: ['logs:CreateLogStream', 'logs:PutLogEvents'],
    // What follows the group's ARN are its streams, whose names AWS makes.
    Resource: [`${arn}:*`],
  };
}
