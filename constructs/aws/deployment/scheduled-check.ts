import type { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { Construct } from 'constructs';
import { throwProblems } from '../../problems';
import type { ImporterNode } from '../../topology';
import { LambdaRole } from '../lambda-role';
import { nameByPath } from '../name-by-path';
import { checkRoleProps } from '../role-checks';
import { Alarms, checkAlarms, type AlarmProps } from './alarms';
import { addFunctionAlarms, checkFunction, declareFunction, regionOf, type FunctionProps } from './scheduled-function';

export interface ScheduledCheckProps extends FunctionProps, AlarmProps {
  /** The importer of the topology: what is checked is what it would read, with its own rights. */
  readonly importer: ImporterNode;
  /**
   * Minutes between two checks, 1 to 1440.
   *
   * @default 15
   */
  readonly intervalMinutes?: number;
  /**
   * Seconds that a check may take, 30 to 900.
   *
   * @default 120
   */
  readonly timeoutSeconds?: number;
  /**
   * Memory in MiB, 256 to 10240: several times the configuration.
   *
   * @default 512
   */
  readonly memoryMiB?: number;
  /**
   * Path of the function's role.
   *
   * @default "/"
   */
  readonly path?: string;
  /**
   * ARN of a managed policy that bounds what the function's role may do: the one of the importer's role, if it has one.
   *
   * @default none
   */
  readonly permissionsBoundary?: string;
}

/**
 * A scheduled check under an importer's rights: a function of AWS Lambda that reads what the importer would read, whether
 * it is there, whole, fresh and can be decrypted (`check`); and an alarm when it is not, or when no check has run.
 *
 * Its role is a `LambdaRole` of its own, since functions cannot take on a role of tasks, and is granted the import of the
 * same store.
 *
 * @throws DeclarationError with everything that is wrong in the props
 */
export class ScheduledCheck extends Construct {
  /** The function, for what this construct has no prop for. */
  readonly function: LambdaFunction;
  /** Name of the group of the log. */
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, given: ScheduledCheckProps) {
    super(scope, id);
    const place = regionOf(given, given.importer.agentEnvironment);
    const props = { ...given, region: place.region };
    const { importer, intervalMinutes = 15, timeoutSeconds = 120, memoryMiB = 512 } = props;
    const { path, permissionsBoundary, provider, tags } = props;
    const block = importer.agentEnvironment;
    throwProblems(this, [
      ...checkFunction(props, { timeoutSeconds, memoryMiB, intervalMinutes }),
      ...checkRoleProps({ path, permissionsBoundary }),
      ...place.problems,
      ...(props.alarms === false ? [] : checkAlarms(this, props)),
    ]);
    const name = props.name ?? nameByPath(this);
    const role = new LambdaRole(this, 'Role', { path, permissionsBoundary, provider, tags });
    importer.store.grantImport(role);
    const { resource, log } = declareFunction(this, props, {
      name,
      handler: 'index.check',
      description: 'Checks that data planes of Kong Gateway could start from the store',
      role,
      block,
      timeoutSeconds,
      memoryMiB,
      intervalMinutes,
      // One run is one verdict.
      retries: 0,
    });
    this.function = resource;
    this.logGroupName = log.name;
    if (props.alarms === false) return;
    addFunctionAlarms(new Alarms(this, name, props), resource, intervalMinutes, {
      failed: `What gateway ${importer.gatewayVersion} would import is missing, damaged, stale or refused: new data planes would start with an old configuration in an outage, or with none. The log of ${name} has the code and the fix.`,
      silent: `${name} has not run in three times ${intervalMinutes} minutes: nobody looks after the store. Look at its schedule, and at the concurrency of the account.`,
    });
  }
}
