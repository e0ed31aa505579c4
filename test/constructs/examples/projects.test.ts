import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = join(__dirname, '..', '..', '..');

interface Project {
  readonly app: string;
  readonly language: string;
  readonly projectId: string;
  readonly sendCrashReports: string;
}

const projectOf = async (folder: string): Promise<Project> =>
  JSON.parse(await readFile(join(root, folder, 'cdktf.json'), 'utf8')) as Project;

const foldersOfExamples = async (): Promise<string[]> =>
  (await readdir(join(root, 'examples'), { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);

describe('cdktf.json', () => {
  it('is there for each example, which its own test takes through Terraform', async () => {
    const folders = await foldersOfExamples();
    const expected = ['aws', 'aws-eks', 'aws-lambda', 'existing-stack', 'google', 'google-cloud-run', 'minio'];
    expect(folders.sort()).toEqual(expected);
    for (const folder of folders) {
      const { projectId, ...rest } = await projectOf(join('examples', folder));
      expect(projectId).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
      expect(rest).toEqual({ language: 'typescript', app: 'npx tsx main.ts', sendCrashReports: 'false' });
      expect(existsSync(join(__dirname, `${folder}.test.ts`))).toBe(true);
    }
    const ids = await Promise.all(['.', ...folders.map((folder) => join('examples', folder))].map(projectOf));
    expect(new Set(ids.map(({ projectId }) => projectId)).size).toBe(folders.length + 1);
  });

  it('at the root runs the example on AWS', { timeout: 60_000 }, async () => {
    const outdir = await mkdtemp(join(tmpdir(), 'cdktf-out-'));
    try {
      const { app } = await projectOf('.');
      await promisify(execFile)('sh', ['-c', app], { cwd: root, env: { ...process.env, CDKTF_OUTDIR: outdir } });
      expect(await readdir(join(outdir, 'stacks'))).toEqual(['kong-aws']);
    } finally {
      await rm(outdir, { recursive: true });
    }
  });
});
