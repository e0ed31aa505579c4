import type { LambdaFunction } from '@cdktf/provider-aws/lib/lambda-function';
import { Construct } from 'constructs';
import { isKnown, throwProblems, type Problem } from '../../problems';
import type { IExporterNode } from '../../topology';
import { ExistingRole } from '../existing-role';
import { LambdaRole } from '../lambda-role';
import { nameByPath } from '../name-by-path';
import type { IAwsPrincipal } from '../principal';
import { addConfirmedAlarms, Alarms, checkExporterAlarms, type ExporterAlarmProps } from './alarms';
import { checkRange } from './checks';
import { lambdaPrincipal } from './problems';
import { addFunctionAlarms, checkFunction, declareFunction, regionOf, type FunctionProps } from './scheduled-function';
import { checkFiles } from './secret-rights';

export interface LambdaExporterProps extends FunctionProps, ExporterAlarmProps {
  /** The exporter of the topology. Its principal is the role of the function: a `LambdaRole`, or an `ExistingRole`. */
  readonly exporter: IExporterNode;
  /**
   * Minutes between two exports, 1 to 1440: what is changed in between is not stored yet when an outage begins.
   *
   * @default 5
   */
  readonly intervalMinutes?: number;
  /**
   * Seconds that an export may take, 30 to 900.
   *
   * @default 180
   */
  readonly timeoutSeconds?: number;
  /**
   * Memory in MiB, 256 to 10240, by which its share of CPU goes: several times the configuration.
   *
   * @default 1024
   */
  readonly memoryMiB?: number;
  /**
   * How often an export that failed is tried again before the next is due, 0 to 2.
   *
   * @default 0
   */
  readonly retries?: number;
}

/**
 * An exporter as a function of AWS Lambda that a schedule runs: it connects, stores the configuration that it is sent, and
 * ends (`export --once`). It costs next to nothing, and needs no image: the agent comes with this package. What is lost in
 * an outage is what was changed since the last run; `EcsExporter` stores each change as it comes.
 *
 * Its environment is of at most 4 KB, and Lambda reads no secrets: each is a reference to Secrets Manager, which the agent
 * resolves with the function's role when it starts. Its node id is made of the function's ARN.
 *
 * @throws DeclarationError with everything that is wrong in the props, and for a principal that is no role
 */
export class LambdaExporter extends Construct {
  /** The function, for what this construct has no prop for. */
  readonly function: LambdaFunction;
  /** Name of the group of the log. */
  readonly logGroupName: string;

  constructor(scope: Construct, id: string, given: LambdaExporterProps) {
    super(scope, id);
    const place = regionOf(given, given.exporter.agentEnvironment);
    const props = { ...given, region: place.region };
    const { exporter, intervalMinutes = 5, timeoutSeconds = 180, memoryMiB = 1024, retries = 0 } = props;
    const block = exporter.agentEnvironment;
    const name = props.name ?? nameByPath(this);
    throwProblems(this, [
      ...checkFunction(props, { timeoutSeconds, memoryMiB, intervalMinutes }),
      ...checkRange('retries', retries, 0, 2),
      ...checkFunctionRole(exporter.principal),
      ...checkFiles(block, 'the function, which holds the agent alone'),
      ...place.problems,
      ...(isKnown(intervalMinutes) ? checkExporterAlarms(this, props, exporter, intervalMinutes * 60) : []),
    ]);
    const { resource, log } = declareFunction(this, props, {
      name,
      handler: 'index.exportOnce',
      description: 'Stores the configuration of Kong Gateway for outages of its control plane',
      role: exporter.principal as IAwsPrincipal,
      block,
      timeoutSeconds,
      memoryMiB,
      intervalMinutes,
      retries,
    });
    this.function = resource;
    this.logGroupName = log.name;
    if (props.alarms === false) return;
    const alarms = new Alarms(this, name, props);
    addConfirmedAlarms(alarms, props, { exporter, log, everySeconds: intervalMinutes * 60 });
    addFunctionAlarms(alarms, resource, intervalMinutes, {
      failed: `The last run of ${name} failed: the store may lack the newest configuration. Its log has the code and the fix.`,
      silent: `${name} has not run in three times ${intervalMinutes} minutes: nothing is exported. Look at its schedule, and at the concurrency of the account.`,
    });
  }
}

/** A role that functions take on. */
function checkFunctionRole(principal: IExporterNode['principal']): Problem[] {
  return principal instanceof LambdaRole || principal instanceof ExistingRole
    ? []
    : [lambdaPrincipal(principal.node.path)];
}
