import { Construct } from 'constructs';
import type { IExporterNode } from '../topology';
import { exporterCommand } from '../topology/exporting';
import { ETC, launcher, PROGRAM, userData, type MachineFile, type UserDataOptions } from './user-data';
import { hardened, unit } from './unit';

export interface SystemdExporterProps {
  /** The exporter of the topology. Secrets as references: `EnvValue.fromAwsSecret`, `fromGoogleSecret`, or paths of files. */
  readonly exporter: IExporterNode;
}

const user = 'kong-resilience';
const environmentFile = `${ETC}/exporter.env`;
const unitName = 'kong-resilience-exporter.service';

/**
 * An exporter as a unit of systemd, on a machine without a gateway's traffic: as a user of its own, which may write its
 * spool and nothing else.
 */
export class SystemdExporter extends Construct {
  /** What the machine needs beside the program `/usr/local/lib/kong-resilience/kong-resilience.cjs`, for an image of your own. */
  readonly files: readonly MachineFile[];
  readonly #exporter: IExporterNode;

  /** @throws DeclarationError for what a file of systemd cannot carry */
  constructor(scope: Construct, id: string, props: SystemdExporterProps) {
    super(scope, id);
    this.#exporter = props.exporter;
    const text = unit({
      Unit: [
        'Description=Exports the configuration of Kong Gateway (kong-resilience)',
        'Wants=network-online.target',
        'After=network-online.target',
        // A machine without its control plane starts anew for as long as it takes.
        'StartLimitIntervalSec=0',
      ],
      Service: [
        'Type=exec',
        `User=${user}`,
        `EnvironmentFile=${environmentFile}`,
        `ExecStart=${PROGRAM} ${exporterCommand(props.exporter)}`,
        'Restart=always',
        'RestartSec=5',
        // More than the export in hand may take.
        'TimeoutStopSec=30',
        'StateDirectory=kong-resilience/spool',
        'StateDirectoryMode=0700',
        'CapabilityBoundingSet=',
        ...hardened,
      ],
      Install: ['WantedBy=multi-user.target'],
    });
    this.files = [
      launcher,
      { path: environmentFile, mode: '0600', content: props.exporter.agentEnvironment.toSystemdEnvironmentFile() },
      { path: `/etc/systemd/system/${unitName}`, mode: '0644', content: text },
    ];
  }

  /**
   * User data for a machine that runs it: a script for cloud-init, which holds no secret.
   *
   * @throws DeclarationError for a URL that is none, a secret's own text, and more than 16 KB
   */
  userData(options: UserDataOptions): string {
    return userData(this, options, [this.#exporter.agentEnvironment], this.files, [
      `id ${user} >/dev/null 2>&1 || useradd --system --no-create-home --shell /usr/sbin/nologin ${user}`,
      `systemctl enable --now ${unitName}`,
    ]);
  }
}
