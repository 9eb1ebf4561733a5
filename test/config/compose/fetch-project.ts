import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A well-known project whose Compose files are compared; projects.json has them. */
export interface ListedProject {
  /** OWNER/NAME at GitHub. */
  readonly repository: string;
  readonly commit: string;
  /** Files made before, as the project's own guide says: new file → file of the repository, or nothing for an empty one. */
  readonly copies?: Readonly<Record<string, string>>;
  /** Variables that its guide has one set. */
  readonly environment?: Readonly<Record<string, string>>;
  /** Active profiles; all, where nothing is said. */
  readonly profiles?: readonly string[];
  readonly sets: readonly FileSet[];
}

/** Files as they are given with -f, and what a comparison is to come to. */
export interface FileSet {
  readonly files: readonly string[];
  /** `refused`: by both. `listed`: by one alone, or with another result, for a reason in docs/compose.md. */
  readonly outcome: 'same' | 'refused' | 'listed';
  readonly reason?: string;
  /** Of a listed one: a regular expression that every difference matches, and no other may. */
  readonly differences?: string;
}

/** What Compose reads: no more of a repository is fetched. */
const READ = /\.ya?ml(\.[a-z]+)?$|env[^/]*$|\.conf$/i;

const FETCH_BLOBS = ['fetch', 'origin', '--quiet', '--no-tags', '--no-write-fetch-head', '--filter=blob:none', '--stdin'];

/** The project's Compose and env files in a folder of their own below `root`; fetched when they are not there. */
export function fetchProject(root: string, { repository, commit, copies }: ListedProject): string {
  const folder = join(root, repository.replace('/', '+'), commit.slice(0, 12));
  const done = join(folder, '.git', 'fetched');
  if (!existsSync(done)) {
    mkdirSync(folder, { recursive: true });
    const git = (args: readonly string[], input = ''): string => run(folder, args, input);
    git(['init', '--quiet']);
    git(['config', 'remote.origin.url', `https://github.com/${repository}.git`]);
    git(['config', 'remote.origin.promisor', 'true']);
    git(['config', 'remote.origin.partialclonefilter', 'blob:none']);
    git(['fetch', '--quiet', '--depth', '1', 'origin', commit]);
    const entries = git(['ls-tree', '-r', '-z', '--format=%(objectname) %(path)', commit]).split('\0');
    const read = entries.flatMap(entry => {
      const [, blob = '', name = ''] = /^(\w+) (.*)$/.exec(entry) ?? [];
      return READ.test(name) ? [{ blob, name }] : [];
    });
    // All at once: a checkout would fetch each file by itself.
    const blobs = [...new Set(read.map(({ blob }) => blob))].join('\n');
    git(['-c', 'fetch.negotiationAlgorithm=noop', ...FETCH_BLOBS], blobs);
    git(['checkout', '--quiet', commit, '--pathspec-from-file=-', '--pathspec-file-nul'], read.map(({ name }) => name).join('\0'));
    for (const [to, from] of Object.entries(copies ?? {})) {
      mkdirSync(dirname(join(folder, to)), { recursive: true });
      if (from === '') writeFileSync(join(folder, to), '');
      else copyFileSync(join(folder, from), join(folder, to));
    }
    writeFileSync(done, '');
  }
  return folder;
}

function run(folder: string, args: readonly string[], input: string): string {
  // A name with an asterisk is a name.
  const environment = { ...process.env, GIT_LITERAL_PATHSPECS: '1', GIT_TERMINAL_PROMPT: '0' };
  const { status, stdout, stderr } = spawnSync('git', args, {
    cwd: folder,
    input,
    encoding: 'utf8',
    env: environment,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status !== 0) throw new Error(`git ${args.join(' ')} in ${folder}: ${stderr.trim()}`);
  return stdout;
}
