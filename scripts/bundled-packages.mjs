// Which npm packages a bundle holds code of, with their licences: read off esbuild's metafiles.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Files at a package's root that must go with its code: its licence, and what a licence may ask to be kept beside it. */
const licenceFile = /^(licen[cs]e|copying|unlicense)([._-].*)?$/i;
const noticeFile = /^(notice|copyright|copyrightnotice)([._-].*)?$/i;

/** A licence at the end of a README: some packages have it nowhere else. */
const licenceInReadme = /^(?:#+ *license|license\n-+)$[^]*^Permission is hereby granted[^]*/im;

/**
 * Packages that state a licence in package.json and carry no text of it. Looked at one by one, and named with their
 * version, so that a new one is looked at again: the standard text stands for it, with the author as the only notice there is.
 */
const statedAlone = new Set([
  '@aws-sdk/credential-provider-http@3.972.86',
  '@aws-sdk/credential-provider-login@3.972.92',
  '@aws-sdk/nested-clients@3.998.3',
  'stream-events@1.0.5',
  'stubs@3.0.0',
  'tr46@0.0.3',
]);

const standardTexts = {
  // Our own licence is the same.
  'Apache-2.0': () => readFileSync(new URL('../LICENSE', import.meta.url), 'utf8').trim(),
  MIT: () =>
    [
      'Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated',
      'documentation files (the "Software"), to deal in the Software without restriction, including without limitation the',
      'rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit',
      'persons to whom the Software is furnished to do so, subject to the following conditions:',
      '',
      'The above copyright notice and this permission notice shall be included in all copies or substantial portions of the',
      'Software.',
      '',
      'THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE',
      'WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR',
      'COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR',
      'OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.',
    ].join('\n'),
};

/** By code unit: the same in every locale. */
export const byText = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The packages of which code is in the outputs, sorted by name and version, each once.
 *
 * @param {string} root folder that the metafiles' paths are relative to
 * @param {readonly import('esbuild').Metafile[]} metafiles
 * @returns {BundledPackage[]} `direct`: our own code imports it; `imports`: the `id`s of those that it imports itself
 * @throws {Error} naming each package without a licence that is stated or without its text
 *
 * @typedef {{ id: string, name: string, version: string, licence: string, texts: string[], direct: boolean, imports: string[] }} BundledPackage
 */
export function bundledPackages(root, metafiles) {
  const packages = new Map();
  const add = (path) => {
    const folder = packageFolder(path);
    if (folder === undefined || packages.has(folder)) return;
    packages.set(folder, { ...readPackage(join(root, folder)), direct: false, imports: new Set() });
  };
  for (const { outputs } of metafiles) {
    for (const { inputs } of Object.values(outputs)) {
      // What was shaken out entirely is listed with no bytes.
      for (const [path, { bytesInOutput }] of Object.entries(inputs)) if (bytesInOutput > 0) add(path);
    }
  }
  const bundled = (path) => packages.get(packageFolder(path));
  for (const { inputs, outputs } of metafiles) {
    // A file that only passes on what another one exports has no bytes, and imports all the same.
    for (const [path, { imports }] of Object.entries(inputs)) {
      const importer = bundled(path);
      const own = packageFolder(path) === undefined;
      for (const { path: target } of imports) {
        const imported = bundled(target);
        if (imported === undefined || imported.id === importer?.id) continue;
        if (own) imported.direct = true;
        else importer?.imports.add(imported.id);
      }
    }
    // A late module (build.mjs) is a build of its own, which begins with the package.
    for (const { entryPoint } of Object.values(outputs)) {
      const begun = entryPoint === undefined ? undefined : bundled(entryPoint);
      if (begun !== undefined) begun.direct = true;
    }
  }
  const problems = [...packages.values()].flatMap(({ id, licence, texts }) => [
    ...(licence === undefined ? [`${id} states no licence in its package.json`] : []),
    ...(texts.length > 0 ? [] : [`${id} (${licence}) has no licence file; look at it, then name it in statedAlone`]),
  ]);
  if (problems.length > 0) {
    throw new Error(`what is bundled cannot be passed on:\n  ${[...new Set(problems)].sort(byText).join('\n  ')}`);
  }
  // One package in two places of node_modules is one.
  const byId = new Map([...packages.values()].map((each) => [each.id, each]));
  for (const { id, direct, imports } of packages.values()) {
    const one = byId.get(id);
    one.direct ||= direct;
    for (const target of imports) one.imports.add(target);
  }
  return [...byId.values()]
    .map((each) => ({ ...each, imports: [...each.imports].sort(byText) }))
    .sort((a, b) => byText(a.id, b.id));
}

/** `…/node_modules/@scope/name` of a path within a package; undefined for our own files. */
function packageFolder(path) {
  return /^(.*\bnode_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path.replace(/^[a-z-]+:/, ''))?.[1];
}

function readPackage(folder) {
  const { name, version, license, author } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const id = `${name}@${version}`;
  const licence = typeof license === 'string' ? license : license?.type;
  const files = readdirSync(folder).sort(byText);
  const read = (file) => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim();
  const licences = files.filter((file) => licenceFile.test(file)).map(read);
  if (licences.length === 0) {
    const readme = files.filter((file) => /^readme(\.md)?$/i.test(file)).map(read);
    licences.push(...readme.flatMap((text) => licenceInReadme.exec(text)?.[0].trim() ?? []));
  }
  if (licences.length === 0 && statedAlone.has(id)) licences.push(standardText(licence, author));
  const notices = files.filter((file) => noticeFile.test(file)).map(read);
  return { id, name, version, licence, texts: licences.length === 0 ? [] : [...licences, ...notices] };
}

function standardText(licence, author) {
  const by = typeof author === 'string' ? author : author.name;
  const note = `By ${by}. The package states the licence ${licence} and has no copy of it; this is the standard text.`;
  const text = standardTexts[licence];
  if (text === undefined) throw new Error(`the standard text of ${licence} is not known here`);
  return `${note}\n\n${text()}`;
}

/** The licences and notices of what is bundled, as one text; packages with the same one share it. @param {readonly BundledPackage[]} packages */
export function licenceTexts(packages) {
  const rule = '-'.repeat(80);
  const sharing = new Map();
  for (const { id, licence, texts } of packages) {
    const text = texts.join('\n\n');
    sharing.set(text, [...(sharing.get(text) ?? []), `${id} (${licence})`]);
  }
  const sections = [...sharing].map(([text, names]) => [rule, ...names, rule, '', text, ''].join('\n'));
  const head =
    'kong-resilience is licensed under Apache-2.0 (see LICENSE). Its bundle holds code of the packages below.\n';
  return [head, ...sections].join('\n');
}
