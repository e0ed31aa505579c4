import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { documents, filesBelow, read, root } from './markdown';
import { standInPrograms, standInTypes } from './stand-ins';

const tsx = createRequire(join(root, 'package.json')).resolve('tsx/cli');

/** What CDKTF says of an app that it has synthesized. */
interface Manifest {
  readonly stacks: Readonly<
    Record<string, { readonly annotations: readonly { readonly level: string; readonly message: string }[] }>
  >;
}

/** The TypeScript of a document, one text for each program; a block that makes no `App` goes on with the one before it. */
function programsOf(markdown: string): string[] {
  const programs: string[] = [];
  for (const [, block = ''] of markdown.matchAll(/^```ts\n([^]*?)^```/gm)) {
    const last = programs.pop();
    if (last === undefined) programs.push(block);
    else if (/new App\(/.test(block)) programs.push(last, block);
    else programs.push(`${last}\n${block}`);
  }
  return programs;
}

/** What the compiler says of programs that import this package by its name, as their users do. */
function complaints(given: ReadonlyMap<string, string>): string[] {
  const standIns = new Map(
    [...standInTypes.keys()].map((name) => [name, join(root, 'test/docs', `${name.replaceAll('/', '-')}.d.ts`)]),
  );
  const programs = new Map([
    ...given,
    ...[...standIns].map(([name, path]) => [path, standInTypes.get(name) ?? ''] as const),
  ]);
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    types: ['node'],
    paths: {
      ...Object.fromEntries([...standIns].map(([name, path]) => [name, [path]])),
      'cdktf-kong-resilience': [join(root, 'src/contract/index.ts')],
      'cdktf-kong-resilience/constructs': [join(root, 'constructs/index.ts')],
      'cdktf-kong-resilience/*': [join(root, 'constructs/*/index.ts')],
    },
  };
  const host = ts.createCompilerHost(options);
  const onDisk = ts.createCompilerHost(options);
  host.readFile = (name) => programs.get(name) ?? onDisk.readFile(name);
  host.fileExists = (name) => programs.has(name) || onDisk.fileExists(name);
  host.getSourceFile = (name, language, ...rest) => {
    const text = programs.get(name);
    if (text === undefined) return onDisk.getSourceFile(name, language, ...rest);
    return ts.createSourceFile(name, text, language);
  };
  const program = ts.createProgram([...programs.keys()], options, host);
  return [...programs.keys()].flatMap((name) =>
    ts
      .getPreEmitDiagnostics(program, program.getSourceFile(name))
      .map(({ messageText }) => `${name}: ${ts.flattenDiagnosticMessageText(messageText, '\n')}`),
  );
}

describe('TypeScript in the documentation', () => {
  it('compiles, as a user of the package would write it', { timeout: 120_000 }, () => {
    const markdown = [...documents(), ...filesBelow('examples', '.md')].filter((path) => !path.startsWith('docs/api/'));
    const programs = new Map(
      markdown.flatMap((path) =>
        programsOf(read(path)).map((text, index) => [join(root, `${path}.${index}.ts`), text] as const),
      ),
    );
    expect(programs.size).toBeGreaterThan(0);
    expect(complaints(programs)).toEqual([]);
  });

  it('synthesizes, where the README shows a whole program', { timeout: 120_000 }, async () => {
    const programs = programsOf(read('README.md')).filter((text) => text.includes('app.synth()'));
    expect(programs).toHaveLength(4);
    for (const text of programs) {
      const folder = await mkdtemp(join(tmpdir(), 'readme-'));
      await mkdir(join(folder, 'node_modules'));
      for (const [name, program] of standInPrograms) {
        const path = join(folder, 'node_modules', `${name}.js`);
        await mkdir(dirname(path), { recursive: true });
        await writeFile(path, program);
      }
      const used = ['cdktf', 'constructs', '@cdktf/provider-aws', '@cdktf/provider-google'];
      for (const name of used) {
        await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
      }
      await symlink(root, join(folder, 'node_modules', 'cdktf-kong-resilience'));
      await writeFile(join(folder, 'main.ts'), text);
      await promisify(execFile)(process.execPath, [tsx, 'main.ts'], { cwd: folder });
      const manifest = JSON.parse(await readFile(join(folder, 'cdktf.out', 'manifest.json'), 'utf8')) as Manifest;
      const told = Object.values(manifest.stacks).flatMap(({ annotations }) => annotations);
      expect(told.filter(({ level }) => level !== '@cdktf/info').map(({ message }) => message)).toEqual([]);
    }
  });

  it('would not compile with a prop that does not exist', { timeout: 120_000 }, () => {
    const text = "import { EnvValue } from 'cdktf-kong-resilience/constructs';\nEnvValue.fromTxt('on');\n";
    const name = join(root, 'mistaken.md.0.ts');
    expect(complaints(new Map([[name, text]]))).toEqual([
      `${name}: Property 'fromTxt' does not exist on type 'typeof EnvValue'. Did you mean 'fromText'?`,
    ]);
  });
});
