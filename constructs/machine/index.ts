/** What runs the agent beside a gateway on a machine: a compose file, units of systemd, user data. Any cloud, or none. */
export { ComposeFile } from './compose-file';
export type { ComposeFileProps, ComposeService } from './compose-file';
export { MachineImage } from './machine-image';
export { SystemdExporter } from './systemd-exporter';
export type { SystemdExporterProps } from './systemd-exporter';
export { SystemdGateway } from './systemd-gateway';
export type { SystemdGatewayProps } from './systemd-gateway';
export type { MachineFile, UserDataOptions } from './user-data';
