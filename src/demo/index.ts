/**
 * The demo, and the simulated data plane that it and the tests use. The data plane starts as a gateway does (cache,
 * file, connect) and serves the routes that it was given; it is a simulator, and no evidence about the real gateway.
 */
export { type KeyPair, makeClusterCertificate } from './certificates';
export { DEMO_KEY, demoConfiguration } from './configuration';
export { DataPlane, type DataPlaneOptions } from './data-plane';
export { runDemo } from './demo';
export type { DemoReport } from './report';
