/**
 * The server half of Kong's hybrid protocol: a control plane that sends what it is given, for the demo, for the tests,
 * and for a standby control plane.
 */
export { ControlPlane, type ControlPlaneOptions } from './control-plane';
export type { ConnectedNode } from './node-connection';
export type { Adapt, Published } from './publication';
