// The software bill of materials of the bundle: CycloneDX 1.6, as JSON.
import { createHash } from 'node:crypto';
import { Contrib, Enums, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library';

/**
 * Lists what the bundle holds code of: name, version, package URL, licence, and which imports which.
 *
 * It has neither a time nor a serial number, so that it depends on the bundle alone; the bundle is named by its SHA-256.
 *
 * @param {{ name: string, version: string, licence: string }} product the package that the bundle is published in
 * @param {string} bundle
 * @param {readonly import('./bundled-packages.mjs').BundledPackage[]} packages
 * @returns {string}
 */
export function billOfMaterials(product, bundle, packages) {
  // An expression is taken as it is written: `a OR b` of package.json.
  const licences = new Contrib.License.Factories.LicenseFactory(() => undefined);
  const component = (type, { name, version, licence }) => {
    const [group, short] = name.startsWith('@') ? name.split('/') : [undefined, name];
    const purl = `pkg:npm/${name.replace('@', '%40')}@${version}`;
    const made = new Models.Component(type, short, { group, version, purl, bomRef: purl });
    const given = licences.makeFromString(licence);
    given.acknowledgement = Enums.LicenseAcknowledgement.Declared;
    made.licenses.add(given);
    return made;
  };
  const root = component(Enums.ComponentType.Application, product);
  root.hashes.set(Enums.HashAlgorithm['SHA-256'], createHash('sha256').update(bundle).digest('hex'));
  root.description = 'dist/kong-resilience.cjs, which the hash is of; dist/lambda.zip holds the same file.';
  const bom = new Models.Bom({ metadata: new Models.Metadata({ component: root }) });
  bom.metadata.lifecycles.add(Enums.LifecyclePhase.Build);

  const byId = new Map(packages.map((each) => [each.id, component(Enums.ComponentType.Library, each)]));
  for (const { id, direct, imports } of packages) {
    const made = byId.get(id);
    if (direct) root.dependencies.add(made.bomRef);
    for (const target of imports) made.dependencies.add(byId.get(target).bomRef);
    bom.components.add(made);
  }
  const serializer = new Serialize.JsonSerializer(new Serialize.JSON.Normalize.Factory(Spec.Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}
