import * as Ast from 'dockerfile-ast';

/** What must be known of a Dockerfile before it is built. */
export interface DockerfileFacts {
  /** Images that its stages start from or take files from, arguments filled in; neither other stages nor `scratch`. */
  readonly bases: readonly string[];
  /** It leaves its base to the builder: `ARG BASE=…` before the first FROM. */
  readonly takesBase: boolean;
  /** Names that it takes with ARG, anywhere. */
  readonly args: ReadonlySet<string>;
  /** It uses what only BuildKit knows: RUN --mount, COPY --link, here-documents … */
  readonly buildkit: boolean;
}

/** Flags that the classic builder does not know. */
const BUILDKIT_FLAGS: Readonly<Record<string, RegExp>> = {
  RUN: /^(mount|network|security|device)$/i,
  COPY: /^(link|chmod|parents|exclude)$/i,
  ADD: /^(link|chmod|exclude|checksum|keep-git-dir|unpack)$/i,
};

/**
 * Reads a Dockerfile as far as needed here; what it cannot make sense of is left to the builder's own message. For the child process alone: the
 * parser takes memory, and a second for a file of 60 KB.
 */
export function readDockerfile(text: string, args: Readonly<Record<string, string>>): DockerfileFacts {
  const reading = new Reading(args);
  // A byte order mark is dropped by the builders too.
  for (const instruction of Ast.DockerfileParser.parse(text.replace(/^\uFEFF/, '')).getInstructions()) reading.take(instruction);
  return reading.facts();
}

/** A stage or an image that something is taken from: as written, and the stages that exist by then. */
interface Source {
  readonly written: string;
  /** A stage is known by its number too. */
  readonly kind: 'from' | 'copy';
  readonly stages: number;
}

class Reading {
  private readonly globals: Record<string, string> = {};
  private readonly declared = new Set<string>();
  /** Names of stages, lower case; those without one are empty. */
  private readonly stages: string[] = [];
  private readonly sources: Source[] = [];
  private takesBase = false;
  private buildkit = false;

  constructor(private readonly args: Readonly<Record<string, string>>) {}

  take(instruction: Ast.Instruction): void {
    const keyword = instruction.getKeyword().toUpperCase();
    const words = instruction.getArguments().map(argument => argument.getValue());
    const flags = flagsOf(instruction);
    if (keyword === 'ARG') this.argument(words);
    if (keyword === 'FROM') this.stage(words);
    if (keyword === 'ONBUILD') return; // not run by this build
    if (flags.some(({ name }) => BUILDKIT_FLAGS[keyword]?.test(name))) this.buildkit = true;
    if (/^(RUN|COPY|ADD)$/.test(keyword) && words.some(word => HERE_DOCUMENT.test(word))) this.buildkit = true;
    if (keyword === 'COPY' || keyword === 'RUN') this.takeFrom(keyword, flags);
  }

  facts(): DockerfileFacts {
    const bases = this.sources.flatMap(source => this.imageOf(source) ?? []);
    return { bases: [...new Set(bases)], takesBase: this.takesBase, args: this.declared, buildkit: this.buildkit };
  }

  private argument(words: readonly string[]): void {
    for (const word of words) {
      const [, name, value] = /^([A-Za-z_]\w*)(?:=(.*))?$/s.exec(word) ?? [];
      if (name === undefined) continue;
      this.declared.add(name);
      if (this.stages.length > 0) continue;
      if (name === 'BASE') this.takesBase = true;
      this.globals[name] = this.args[name] ?? substitute(value ?? '', this.globals);
    }
  }

  private stage([image = '', as = '', name = '']: readonly string[]): void {
    this.sources.push({ written: substitute(image, this.globals), kind: 'from', stages: this.stages.length });
    this.stages.push(/^as$/i.test(as) ? name.toLowerCase() : '');
  }

  private takeFrom(keyword: 'COPY' | 'RUN', flags: readonly Flag[]): void {
    const before = this.stages.length - 1;
    for (const { name, value } of flags) {
      if (keyword === 'COPY' && name === 'from') this.sources.push({ written: value, kind: 'copy', stages: before });
      if (keyword !== 'RUN' || name !== 'mount') continue;
      const from = value.split(',').find(part => part.startsWith('from='));
      if (from !== undefined) this.sources.push({ written: unquoted(from.slice('from='.length)), kind: 'copy', stages: before });
    }
  }

  /** Null: a stage, nothing, or a word that only the builder can fill in. */
  private imageOf({ written, kind, stages }: Source): string | null {
    if (written === '' || written === 'scratch') return null;
    // What a stage's own arguments make of it is not known here.
    if (kind === 'copy' && written.includes('$')) return null;
    if (kind === 'copy' && /^\d+$/.test(written) && Number(written) < stages) return null;
    // A stage may be taken from before it is written (BuildKit), but no stage starts from a later one.
    const known = kind === 'from' ? this.stages.slice(0, stages) : this.stages;
    return known.includes(written.toLowerCase()) ? null : written;
  }
}

interface Flag {
  readonly name: string;
  readonly value: string;
}

function flagsOf(instruction: Ast.Instruction): Flag[] {
  if (!(instruction instanceof Ast.ModifiableInstruction)) return [];
  return instruction.getFlags().map(flag => ({ name: flag.getName().toLowerCase(), value: unquoted(flag.getValue() ?? '') }));
}

/** A word that opens a here-document, as BuildKit sees it (shell/lex: `^(\d*)<<(-?)…`). */
const HERE_DOCUMENT = /^\d*<<-?(["']?)[A-Za-z_][\w.-]*\1$/;

function unquoted(text: string): string {
  return text.replace(/^(["'])(.*)\1$/s, '$2');
}

/** $NAME, ${NAME}, ${NAME:-default}, ${NAME:+other}. */
function substitute(text: string, values: Readonly<Record<string, string>>): string {
  return unquoted(text).replace(
    /\$(?:(\w+)|\{(\w+)(?::?([-+])([^}]*))?\})/g,
    (_, plain?: string, braced?: string, sign?: string, other = '') => {
      const value = values[plain ?? braced ?? ''] ?? '';
      if (sign === '+') return value === '' ? '' : other;
      return value === '' && sign === '-' ? other : value;
    },
  );
}
