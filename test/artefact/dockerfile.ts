/** A Dockerfile, as far as ours uses the language: one stage, exec forms, no variables. */
export interface Dockerfile {
  readonly from: string;
  readonly copies: readonly { readonly sources: readonly string[]; readonly target: string }[];
  readonly runs: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  readonly volumes: readonly string[];
  readonly user: string;
  readonly healthCheck: readonly string[];
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  /** The names of the instructions, in order. */
  readonly order: readonly string[];
}

/** @throws Error at what it does not know, so that no instruction is passed over */
export function readDockerfile(text: string): Dockerfile {
  const lines = text
    .split('\n')
    .filter((line) => !/^\s*#/.test(line))
    .join('\n')
    .replace(/\\\n/g, '')
    .split('\n')
    .filter((line) => line.trim() !== '');
  const instructions = lines.map((line) => {
    const [, name, rest] = /^([A-Z]+)\s+(.*)$/.exec(line) ?? [];
    if (name === undefined || rest === undefined) throw new Error(`not an instruction: ${line}`);
    return { name, rest: rest.trim() };
  });
  const known = ['FROM', 'LABEL', 'COPY', 'RUN', 'ENV', 'VOLUME', 'USER', 'HEALTHCHECK', 'ENTRYPOINT', 'CMD'];
  const unknown = instructions.find(({ name }) => !known.includes(name));
  if (unknown !== undefined) throw new Error(`the reader does not know ${unknown.name}`);
  const all = (name: string): string[] => instructions.filter((each) => each.name === name).map(({ rest }) => rest);
  const one = (name: string): string => {
    const [only, another] = all(name);
    if (only === undefined || another !== undefined) throw new Error(`there is not exactly one ${name}`);
    return only;
  };
  return {
    from: one('FROM'),
    copies: all('COPY').map((rest) => {
      const words = rest.split(/\s+/);
      if (words.some((word) => word.startsWith('--'))) throw new Error(`the reader does not know COPY ${rest}`);
      return { sources: words.slice(0, -1), target: words.at(-1) ?? '' };
    }),
    runs: all('RUN'),
    environment: Object.fromEntries(
      all('ENV').map((rest) => {
        const [, name = '', value = ''] = /^([A-Z_]+)=(\S+)$/.exec(rest) ?? [];
        if (name === '') throw new Error(`the reader does not know ENV ${rest}`);
        return [name, value];
      }),
    ),
    volumes: words(one('VOLUME')),
    user: one('USER'),
    healthCheck: words(one('HEALTHCHECK').replace(/^(?:--\S+\s+)*CMD\s+/, '')),
    entrypoint: words(one('ENTRYPOINT')),
    command: words(one('CMD')),
    order: instructions.map(({ name }) => name),
  };
}

/** An exec form. */
function words(json: string): readonly string[] {
  return JSON.parse(json) as string[];
}

/** Whether a .dockerignore leaves a path of the context out: the last pattern that names it, or a folder above, decides. */
export function ignoredBy(dockerignore: string, path: string): boolean {
  let ignored = false;
  for (const line of dockerignore.split('\n').filter((each) => each !== '')) {
    const pattern = line.replace(/^!/, '');
    if (/[*?[]/.test(pattern) && pattern !== '*') throw new Error(`the reader does not know ${line}`);
    if (pattern === '*' || path === pattern || path.startsWith(`${pattern}/`)) ignored = !line.startsWith('!');
  }
  return ignored;
}
