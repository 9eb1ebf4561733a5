/** What must be known of a Dockerfile before it is built. */
export interface DockerfileFacts {
  /** Images that its stages start from, arguments filled in; neither other stages nor `scratch`. */
  readonly bases: readonly string[];
  /** It leaves its base to the builder: `ARG BASE=…` before the first FROM. */
  readonly takesBase: boolean;
  /** Names that it takes with ARG, anywhere. */
  readonly args: ReadonlySet<string>;
  /** It uses what only BuildKit knows: RUN --mount, COPY --link, here-documents … */
  readonly buildkit: boolean;
}

const BUILDKIT_FLAGS =
  /^(RUN\s+(--\S+\s+)*--(mount|network|security)\b|(COPY|ADD)\s+(--\S+\s+)*--(link|chmod|parents|exclude|checksum|keep-git-dir)\b)/i;
const HERE_DOCUMENT = /^(RUN|COPY|ADD)\b.*(?<!<)<<-?["']?[A-Za-z_]/i;

/** Reads a Dockerfile as far as needed here; what it cannot make sense of is left to the builder's own message. */
export function readDockerfile(text: string, args: Readonly<Record<string, string>>): DockerfileFacts {
  const lines = instructions(text);
  const globals: Record<string, string> = {};
  const declared = new Set<string>();
  const stages = new Set<string>();
  const bases = new Set<string>();
  let takesBase = false;
  for (const line of lines) {
    const [, word = '', rest = ''] = /^(\S+)\s*(.*)$/s.exec(line) ?? [];
    if (/^ARG$/i.test(word)) {
      for (const [name, value] of argPairs(rest)) {
        declared.add(name);
        if (stages.size > 0 || bases.size > 0) continue;
        if (name === 'BASE') takesBase = true;
        globals[name] = args[name] ?? substitute(value ?? '', globals);
      }
    }
    if (!/^FROM$/i.test(word)) continue;
    const [, image = '', stage] = /^(?:--\S+\s+)*(\S+)(?:\s+AS\s+(\S+))?/i.exec(rest) ?? [];
    const base = substitute(image, globals);
    if (base !== '' && base !== 'scratch' && !stages.has(base.toLowerCase())) bases.add(base);
    stages.add(stage?.toLowerCase() ?? `#${stages.size}`);
  }
  const buildkit = lines.some(line => BUILDKIT_FLAGS.test(line) || HERE_DOCUMENT.test(line));
  return { bases: [...bases], takesBase, args: declared, buildkit };
}

/** Logical lines: comments dropped, continuations joined (with the escape character that the file names). */
function instructions(text: string): string[] {
  const joiner = /^#\s*escape\s*=\s*`/im.test(text) ? '`' : '\\';
  const out: string[] = [];
  let open = '';
  for (const raw of text.split(/\r?\n/)) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    if (line.endsWith(joiner)) open += `${line.slice(0, -1).trimEnd()} `;
    else {
      out.push(open + line);
      open = '';
    }
  }
  if (open !== '') out.push(open.trim());
  return out;
}

function argPairs(text: string): [string, string | undefined][] {
  return [...text.matchAll(/([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g)].map(match => [
    match[1] ?? '',
    match[2]?.replace(/^(["'])(.*)\1$/, '$2'),
  ]);
}

/** $NAME, ${NAME}, ${NAME:-default}, ${NAME:+other}. */
function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return text
    .replace(/^(["'])(.*)\1$/, '$2')
    .replace(/\$(?:(\w+)|\{(\w+)(?::([-+])([^}]*))?\})/g, (_, plain?: string, braced?: string, sign?: string, other = '') => {
      const value = values[plain ?? braced ?? ''] ?? '';
      if (sign === '+') return value === '' ? '' : other;
      return value === '' && sign === '-' ? other : value;
    });
}
