import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../support/program';

interface BundledPackage {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly licence: string;
  readonly texts: readonly string[];
  readonly direct: boolean;
  readonly imports: readonly string[];
}

interface Script {
  bundledPackages(root: string, metafiles: readonly object[]): readonly BundledPackage[];
  licenceTexts(packages: readonly BundledPackage[]): string;
}

let script: Script;
beforeAll(async () => {
  script = (await import(pathToFileURL('scripts/bundled-packages.mjs').href)) as Script;
});

/** A project whose `main.js` is bundled; files by path, and a package's `package.json` and code where only that is given. */
class Project {
  readonly root = temporaryFolder();

  file(path: string, content: string): this {
    mkdirSync(join(this.root, path, '..'), { recursive: true });
    writeFileSync(join(this.root, path), content);
    return this;
  }

  package(folder: string, manifest: object, code = 'module.exports = 1;'): this {
    const name = folder.split('node_modules/').at(-1);
    const all = { name, version: '1.0.0', license: 'MIT', main: 'index.js', ...manifest };
    return this.file(`${folder}/package.json`, JSON.stringify(all)).file(`${folder}/index.js`, code);
  }

  async packages(): Promise<readonly BundledPackage[]> {
    const { metafile } = await build({
      absWorkingDir: this.root,
      entryPoints: ['main.js'],
      bundle: true,
      write: false,
      metafile: true,
      outdir: 'out',
      logLevel: 'silent',
    });
    return script.bundledPackages(this.root, [metafile]);
  }
}

describe('the packages of a bundle', () => {
  it('are those whose code is in it, with what they import, once each and sorted', async () => {
    const project = new Project()
      .file(
        'main.js',
        `require('b'); require('@scope/a'); import { used } from 'shaken'; import { used as again } from 'barrel'; console.log(used, again);`,
      )
      .package('node_modules/b', { license: 'ISC' }, `require('c'); require('@scope/a');`)
      .package('node_modules/@scope/a', { license: { type: 'Apache-2.0' } }, `require('c');`)
      .package('node_modules/b/node_modules/c', {})
      .package('node_modules/@scope/a/node_modules/c', {})
      .package(
        'node_modules/shaken',
        { sideEffects: false },
        `export { unused } from 'not-there'; export const used = 1;`,
      )
      .package('node_modules/barrel', {}, `export { used } from 'shaken';`)
      .package('node_modules/not-there', { sideEffects: false }, `export const unused = 2;`);
    for (const folder of ['b', '@scope/a', 'b/node_modules/c', '@scope/a/node_modules/c', 'shaken']) {
      project.file(`node_modules/${folder}/LICENSE`, `of ${folder.split('/').at(-1)}\r\n\r\n`);
    }
    const texts = (of: string): readonly string[] => [`of ${of}`];
    expect(await project.packages()).toEqual([
      {
        id: '@scope/a@1.0.0',
        name: '@scope/a',
        version: '1.0.0',
        licence: 'Apache-2.0',
        texts: texts('a'),
        direct: true,
        imports: ['c@1.0.0'],
      },
      {
        id: 'b@1.0.0',
        name: 'b',
        version: '1.0.0',
        licence: 'ISC',
        texts: texts('b'),
        direct: true,
        imports: ['@scope/a@1.0.0', 'c@1.0.0'],
      },
      { id: 'c@1.0.0', name: 'c', version: '1.0.0', licence: 'MIT', texts: texts('c'), direct: false, imports: [] },
      {
        id: 'shaken@1.0.0',
        name: 'shaken',
        version: '1.0.0',
        licence: 'MIT',
        texts: texts('shaken'),
        direct: true,
        imports: [],
      },
    ]);
  });

  it('bring their licence from the file, or from the end of the README, and their notices', async () => {
    const mit =
      'License\n-------\n\n(The MIT License)\n\nCopyright (c) 2013 Somebody\n\nPermission is hereby granted, free of charge';
    const project = new Project()
      .file('main.js', `require('a'); require('b');`)
      .package('node_modules/a', {})
      .file('node_modules/a/LICENCE.md', 'The licence.')
      .file('node_modules/a/NOTICE', 'The notice.')
      .file('node_modules/a/README.md', `# a\n\n${mit}`)
      .package('node_modules/b', {})
      .file('node_modules/b/README.md', `# b\n\nLicense: see below.\n\n${mit}\n`);
    const [a, b] = await project.packages();
    expect(a?.texts).toEqual(['The licence.', 'The notice.']);
    expect(b?.texts).toEqual([mit]);
  });

  it('stop the build where one has no licence, or none that can be passed on: all of them together', async () => {
    const project = new Project()
      .file('main.js', `require('b'); require('a'); require('c');`)
      .package('node_modules/a', {})
      .file('node_modules/a/README.md', '# a\n\n## License\n\nMIT\n')
      .package('node_modules/b', { license: undefined })
      .file('node_modules/b/LICENSE', 'text')
      .package('node_modules/c', {})
      .file('node_modules/c/NOTICE', 'A notice alone is no licence.');
    await expect(project.packages()).rejects.toThrow(
      'what is bundled cannot be passed on:\n' +
        '  a@1.0.0 (MIT) has no licence file; look at it, then name it in statedAlone\n' +
        '  b@1.0.0 states no licence in its package.json\n' +
        '  c@1.0.0 (MIT) has no licence file; look at it, then name it in statedAlone',
    );
  });

  it('share a text that they have in common', () => {
    const one = { version: '1', direct: true, imports: [] };
    const line = '-'.repeat(80);
    expect(
      script.licenceTexts([
        { ...one, id: 'a@1', name: 'a', licence: 'MIT', texts: ['Text.'] },
        { ...one, id: 'b@1', name: 'b', licence: 'ISC', texts: ['Other.', 'Notice.'] },
        { ...one, id: 'c@1', name: 'c', licence: 'MIT', texts: ['Text.'] },
      ]),
    ).toBe(
      'kong-resilience is licensed under Apache-2.0 (see LICENSE). Its bundle holds code of the packages below.\n\n' +
        `${line}\na@1 (MIT)\nc@1 (MIT)\n${line}\n\nText.\n\n${line}\nb@1 (ISC)\n${line}\n\nOther.\n\nNotice.\n`,
    );
  });
});

interface Bom {
  readonly metadata: { readonly component: Component };
  readonly components: readonly Component[];
  readonly dependencies: readonly { readonly ref: string; readonly dependsOn?: readonly string[] }[];
}
interface Component {
  readonly 'bom-ref': string;
  readonly name: string;
  readonly group?: string;
  readonly version: string;
  readonly purl: string;
  readonly hashes?: readonly { readonly alg: string; readonly content: string }[];
  readonly licenses: readonly { readonly license?: { readonly id?: string } }[];
}

describe('dist/sbom.cdx.json', () => {
  const text = readFileSync('dist/sbom.cdx.json', 'utf8');
  const bom = JSON.parse(text) as Bom;

  const installed = spawnSync('python3', ['-c', 'import jsonschema, referencing']).status === 0;
  const noSchema = !installed && process.env['CI'] === undefined;
  it.skipIf(noSchema)(
    `is CycloneDX 1.6, by its schema${noSchema ? ' (NOT RUN, needs: pip install jsonschema)' : ''}`,
    () => {
      const schemas = relative('.', 'node_modules/@cyclonedx/cyclonedx-library/res/schema');
      const program = `import json, sys, pathlib, jsonschema, referencing
folder = pathlib.Path(sys.argv[1])
load = lambda name: json.loads((folder / name).read_text())
names = {'spdx.schema.json': 'spdx.SNAPSHOT.schema.json', 'jsf-0.82.schema.json': 'jsf-0.82.SNAPSHOT.schema.json'}
base = 'http://cyclonedx.org/schema/'
resources = []
for path in folder.glob('*.json'):
    resource = referencing.Resource.from_contents(json.loads(path.read_text()), default_specification=referencing.jsonschema.DRAFT7)
    resources += [(base + path.name, resource), (base + path.name.replace('.SNAPSHOT', ''), resource)]
registry = referencing.Registry().with_resources(resources)
validator = jsonschema.Draft7Validator(load('bom-1.6.SNAPSHOT.schema.json'), registry=registry)
print([e.message[:300] for e in validator.iter_errors(json.load(open(sys.argv[2])))])`;
      const { stdout, stderr } = spawnSync('python3', ['-c', program, schemas, 'dist/sbom.cdx.json'], {
        encoding: 'utf8',
      });
      expect({ stdout, stderr }).toEqual({ stdout: '[]\n', stderr: '' });
    },
  );

  it('names the bundle by its digest, and nothing that differs from build to build', () => {
    const content = createHash('sha256').update(readFileSync('dist/kong-resilience.cjs')).digest('hex');
    expect(bom.metadata.component).toMatchObject({
      name: 'cdktf-kong-resilience',
      hashes: [{ alg: 'SHA-256', content }],
    });
    expect(text).not.toMatch(/"(timestamp|serialNumber)"/);
  });

  it('lists what package-lock.json has under that name and version, with an SPDX licence and a package URL', () => {
    const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as {
      packages: Record<string, { version?: string }>;
    };
    const locked = new Set(
      Object.entries(packages).map(([path, { version }]) => `${path.split('node_modules/').at(-1)}@${version}`),
    );
    for (const { group, name, version, purl, licenses } of bom.components) {
      const full = group === undefined ? name : `${group}/${name}`;
      expect(locked).toContain(`${full}@${version}`);
      expect(purl).toBe(`pkg:npm/${full.replace('@', '%40')}@${version}`);
      expect([full, licenses[0]?.license?.id]).toEqual([
        full,
        expect.stringMatching(/^(MIT|ISC|0BSD|Apache-2\.0|BSD-[23]-Clause)$/),
      ]);
    }
    expect(new Set(bom.components.map(({ purl }) => purl)).size).toBe(bom.components.length);
  });

  it('has what package.json pins and the program uses, also from threads and late modules, and no tool of the build', () => {
    const names = bom.components.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`));
    for (const name of [
      '@aws-sdk/client-s3',
      '@google-cloud/storage',
      '@peculiar/x509',
      'cockatiel',
      'commander',
      'pino',
      'pino-pretty',
      'prom-client',
      'reflect-metadata',
      'ws',
      'yaml',
      'zod',
    ]) {
      expect(names).toContain(name);
    }
    for (const name of ['esbuild', 'typescript', 'vitest', 'yazl', 'cdktf']) expect(names).not.toContain(name);
  });

  it('says which needs which: each is reached from the program', () => {
    const next = new Map(bom.dependencies.map(({ ref, dependsOn = [] }) => [ref, dependsOn]));
    const reached = new Set<string>();
    const visit = (ref: string): void => {
      if (reached.has(ref)) return;
      reached.add(ref);
      next.get(ref)?.forEach(visit);
    };
    visit(bom.metadata.component['bom-ref']);
    expect(bom.components.map((component) => component['bom-ref']).filter((ref) => !reached.has(ref))).toEqual([]);
  });

  it('has its licences in THIRD-PARTY-LICENSES.txt, each package by name', () => {
    const licences = readFileSync('dist/THIRD-PARTY-LICENSES.txt', 'utf8').split('\n');
    const headed = licences.filter((line) => /^\S+@\d\S* \(\S+\)$/.test(line)).sort();
    const listed = bom.components.map(
      ({ group, name, version, licenses }) =>
        `${group === undefined ? name : `${group}/${name}`}@${version} (${licenses[0]?.license?.id})`,
    );
    expect(headed).toEqual(listed.sort());
  });
});
