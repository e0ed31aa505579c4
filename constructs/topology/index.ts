/** A store, its exporters and its importers: what is the same on every cloud. */
export type { IPrincipal } from './principal';
export type { IConfigurationStore } from './store';
export { noteExportGrant } from './grants';
