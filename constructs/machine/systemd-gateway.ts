import { Construct } from 'constructs';
import { isKnown, throwProblems } from '../problems';
import { wrongCommand, wrongUnit } from './problems';
import { START_SCRIPT, type ImporterNode } from '../topology';
import { isEnterprise } from '../topology/versions';
import { hardened, unit } from './unit';
import { ETC, launcher, PROGRAM, userData, type MachineFile, type UserDataOptions } from './user-data';

export interface SystemdGatewayProps {
  /** The importer of the topology. Secrets as references: `EnvValue.fromAwsSecret`, `fromGoogleSecret`, or paths of files. */
  readonly importer: ImporterNode;
  /**
   * The gateway's unit, as its package installs it.
   *
   * @default `kong.service`, or for Enterprise `kong-enterprise-edition.service`
   */
  readonly gatewayUnit?: string;
  /**
   * The unit's own `ExecStartPre`, whose place the drop-in takes, so that it runs after the decision. Compare it with the
   * unit that is installed: `systemctl cat kong.service`.
   *
   * @default `/usr/local/bin/kong prepare -p /usr/local/kong`
   */
  readonly prepareCommand?: string;
  /** When the scheduled check runs, as `OnCalendar=` has it. @default every 15 minutes: `*:0/15` */
  readonly checkSchedule?: string;
  /** A unit that is started when the check fails, which tells people: `OnFailure=`. @default none; the failed unit is what a monitoring of units sees */
  readonly checkFailureUnit?: string;
}

const agentFile = `${ETC}/importer.env`;
const gatewayFile = `${ETC}/gateway.env`;
const importUnit = 'kong-resilience-import.service';
const checkUnit = 'kong-resilience-check.service';
const checkTimer = 'kong-resilience-check.timer';

/**
 * A gateway under systemd that comes up from the store in an outage: a unit that imports before each start of the
 * gateway's own, a drop-in in which the start script decides, and a scheduled check.
 *
 * A failed import holds nothing back, and neither does a missing script. `KONG_DECLARATIVE_CONFIG` reaches `kong prepare`
 * alone: it is set by the start script in that process, so that a reload, which runs with the unit's environment, does
 * not load the file over what the control plane has sent since.
 */
export class SystemdGateway extends Construct {
  /** What the machine needs beside Kong and the program `/usr/local/lib/kong-resilience/kong-resilience.cjs`, for an image of your own. */
  readonly files: readonly MachineFile[];
  /** The gateway's unit. */
  readonly gatewayUnit: string;
  readonly #importer: ImporterNode;

  /** @throws DeclarationError for what a file of systemd cannot carry */
  constructor(scope: Construct, id: string, props: SystemdGatewayProps) {
    super(scope, id);
    const { importer, prepareCommand = '/usr/local/bin/kong prepare -p /usr/local/kong' } = props;
    this.#importer = importer;
    this.gatewayUnit = props.gatewayUnit ?? unitOf(importer.gatewayVersion);
    throwProblems(this, [
      ...[this.gatewayUnit, props.checkFailureUnit]
        .filter((name) => isKnown(name) && !/^[\w@.:-]+\.(service|target)$/.test(name))
        .map((name) => wrongUnit(String(name))),
      ...(isKnown(prepareCommand) && !/^\/[^'"\\$%\n]+$/.test(prepareCommand) ? [wrongCommand(prepareCommand)] : []),
    ]);
    const service = (description: string, command: string): readonly string[] => [
      `Description=${description} (kong-resilience)`,
      'Wants=network-online.target',
      'After=network-online.target',
      ...(command === 'check' && props.checkFailureUnit !== undefined ? [`OnFailure=${props.checkFailureUnit}`] : []),
    ];
    // As root, which runs "kong prepare" and must own what it executes; without any of root's capabilities.
    const oneshot = (command: string): readonly string[] => [
      'Type=oneshot',
      `EnvironmentFile=${agentFile}`,
      `ExecStart=${PROGRAM} ${command}`,
      'CapabilityBoundingSet=',
      ...hardened,
    ];
    const decide = `[ ! -r ${START_SCRIPT} ] || . ${START_SCRIPT}; exec ${prepareCommand}`;
    this.files = [
      launcher,
      { path: agentFile, mode: '0600', content: importer.agentEnvironment.toSystemdEnvironmentFile() },
      { path: gatewayFile, mode: '0600', content: importer.gatewayEnvironment.toSystemdEnvironmentFile() },
      unitFile(importUnit, {
        Unit: service('Stages the stored configuration of Kong Gateway', 'import'),
        Service: [
          ...oneshot('import'),
          'StateDirectory=kong-resilience/handover',
          'StateDirectoryMode=0700',
          // The program has a deadline of its own, an hour at most; this is for one that hangs.
          'TimeoutStartSec=3900',
        ],
      }),
      unitFile(`${this.gatewayUnit}.d/kong-resilience.conf`, {
        Unit: [`Wants=${importUnit}`, `After=${importUnit}`],
        Service: [`EnvironmentFile=${gatewayFile}`, 'ExecStartPre=', `ExecStartPre=/bin/sh -c '${decide}'`],
      }),
      unitFile(checkUnit, {
        Unit: service('Checks the stored configuration of Kong Gateway', 'check'),
        Service: [...oneshot('check'), 'TimeoutStartSec=300'],
      }),
      unitFile(checkTimer, {
        Unit: ['Description=Checks the stored configuration of Kong Gateway (kong-resilience)'],
        Timer: [`OnCalendar=${props.checkSchedule ?? '*:0/15'}`, 'RandomizedDelaySec=60'],
        Install: ['WantedBy=timers.target'],
      }),
    ];
  }

  /**
   * User data for a machine whose image has Kong's package: a script for cloud-init, which holds no secret, and which
   * starts the gateway at its end.
   *
   * @throws DeclarationError for a URL that is none, a secret's own text, and more than 16 KB
   */
  userData(options: UserDataOptions): string {
    const { agentEnvironment, gatewayEnvironment } = this.#importer;
    return userData(this, options, [agentEnvironment, gatewayEnvironment], this.files, [
      `systemctl enable --now ${checkTimer}`,
      `systemctl enable ${this.gatewayUnit}`,
      `systemctl restart ${this.gatewayUnit}`,
    ]);
  }
}

const unitFile = (name: string, sections: Readonly<Record<string, readonly string[]>>): MachineFile => ({
  path: `/etc/systemd/system/${name}`,
  mode: '0644',
  content: unit(sections),
});

function unitOf(version: string): string {
  return isEnterprise([version]) ? 'kong-enterprise-edition.service' : 'kong.service';
}
