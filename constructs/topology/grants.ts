import { defineProblem, throwProblems } from '../problems';
import type { IPrincipal } from './principal';
import type { IConstruct } from 'constructs';

const importerWithWrite = defineProblem(
  'KR_TF_IMPORTER_WITH_WRITE',
  'A principal of a node that imports, or that proxies, would also be allowed to write the store.',
  (principal: string, node: string) =>
    `the principal "${principal}" belongs to "${node}", which imports or proxies, and would also be allowed to write: whoever broke into that node could replace the configuration of every other. Give the exporter a principal of its own.`,
);

const writers = new WeakSet<IPrincipal>();
const readers = new WeakMap<IPrincipal, IConstruct>();

/** Each store calls it before it lets a principal write. @throws DeclarationError when a node that only reads has that principal */
export function noteExportGrant(store: IConstruct, principal: IPrincipal): void {
  const node = readers.get(principal);
  if (node !== undefined) throwProblems(store, [importerWithWrite(principal.node.path, node.node.path)]);
  writers.add(principal);
}

/** A node that may only read says so. @throws DeclarationError when its principal may write already */
export function noteReader(node: IConstruct, principal: IPrincipal): void {
  if (writers.has(principal)) throwProblems(node, [importerWithWrite(principal.node.path, node.node.path)]);
  readers.set(principal, node);
}
