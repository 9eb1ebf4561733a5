import { FailureError, failure } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { OPTIONS, optionOf } from '../../parser/options.js';
import type { LoadedVerb, Verb } from '../../verb.js';

export const completionVerb = {
  name: 'completion',
  summary: 'Print a completion script: bash, zsh or fish',
  args: '<shell>',
  options: [],
  run,
} satisfies Verb;

/** Prints the script; how it is installed stands in its first lines. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const shell = SHELLS.find(name => name === args[0]);
  if (!shell) throw new FailureError(failure('usage', `There is completion for ${SHELLS.join(', ')}, not for ${args[0]}.`));
  cli.out.write(completionScript(shell, await cli.verbs()));
  return 0;
}

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

/** A completion script made from the table of verbs; names of services and profiles are asked for when they are needed. */
export function completionScript(shell: Shell, verbs: readonly LoadedVerb[]): string {
  const shown = verbs.filter(verb => !verb.hidden);
  return { bash, zsh, fish }[shell](shown);
}

/** Every path of words (`config show`) with what may follow. */
interface Entry {
  readonly path: string;
  readonly summary: string;
  readonly options: readonly { readonly words: readonly string[]; readonly text: string }[];
  readonly inner: readonly LoadedVerb[];
  readonly completes: Verb['completes'];
}

function entries(verbs: readonly LoadedVerb[], before = ''): Entry[] {
  return verbs.flatMap(verb => {
    const path = before === '' ? verb.name : `${before} ${verb.name}`;
    const inner = verb.verbs;
    const options = verb.options.map(name => ({ words: wordsOf(optionOf(name).flags), text: optionOf(name).text }));
    return [{ path, summary: verb.summary, options, inner, completes: verb.completes }, ...entries(inner, path)];
  });
}

/** Paths of verbs that have verbs of their own: `wsl`, `llm models`. */
function groups(verbs: readonly LoadedVerb[]): string[] {
  return entries(verbs)
    .filter(({ inner }) => inner.length > 0)
    .map(({ path }) => path);
}

/** The same as alternatives of a case. */
function groupCases(verbs: readonly LoadedVerb[]): string {
  return groups(verbs)
    .map(path => `'${path}'`)
    .join('|');
}

/** Options that take a value: the word after one is no verb. As alternatives of a case, quoted for no shell: all are plain. */
function valued(): string {
  return Object.values(OPTIONS)
    .filter(option => option.flags.includes('<'))
    .flatMap(option => wordsOf(option.flags))
    .join('|');
}

/** `-f, --file <file>` → -f, --file. */
function wordsOf(flags: string): string[] {
  return [...flags.matchAll(/(^|\s)(--?[\w-]+)/g)].map(match => match[2] ?? '');
}

function bash(verbs: readonly LoadedVerb[]): string {
  const cases = entries(verbs).map(({ path, options, inner, completes }) => {
    const words = [...inner.map(verb => verb.name), ...options.flatMap(option => option.words), '--help'].join(' ');
    const names = completes ? ` $([[ $current == -* ]] || laptop-dev __complete ${completes} 2>/dev/null)` : '';
    return `    '${path}') words="${words}${names}" ;;`;
  });
  return `# bash completion of laptop-dev. For this shell: source <(laptop-dev completion bash)
# For all: laptop-dev completion bash > ~/.local/share/bash-completion/completions/laptop-dev
_laptop_dev() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" path="" word words="" skip=""
  case "$previous" in
    --file|--env-file|--profiles|--project|--output|--wslconfig|-f) COMPREPLY=($(compgen -f -- "$current")); return ;;
    --engine) COMPREPLY=($(compgen -W "docker podman" -- "$current")); return ;;
    completion) COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$current")); return ;;
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in ${valued()}) skip=1; continue ;; -*) continue ;; esac
    case "$path" in ''|${groupCases(verbs)}) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
    '') words="${verbs.map(verb => verb.name).join(' ')} help" ;;
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _laptop_dev laptop-dev laptop-dev.sh
`;
}

function zsh(verbs: readonly LoadedVerb[]): string {
  const described = (list: readonly LoadedVerb[]) => list.map(verb => `'${zshText(verb.name)}:${zshText(verb.summary)}'`).join(' ');
  const cases = entries(verbs).map(({ path, options, inner, completes }) => {
    const flags = options.flatMap(({ words, text }) => words.map(word => `'${zshText(word)}:${zshText(text)}'`)).join(' ');
    const lines = [
      ...(inner.length > 0 ? [`found=(${described(inner)}); _describe verb found`] : []),
      ...(completes ? [`names=(\${(f)"$(laptop-dev __complete ${completes} 2>/dev/null)"}); compadd -a names`] : []),
      ...(path === 'completion' ? [`compadd ${SHELLS.join(' ')}`] : []),
      `[[ $PREFIX == -* ]] && { found=(${flags}); _describe option found; }`,
    ];
    return `    '${path}') ${lines.join('; ')} ;;`;
  });
  return `#compdef laptop-dev laptop-dev.sh
# zsh completion of laptop-dev. For this shell: source <(laptop-dev completion zsh)
# For all: laptop-dev completion zsh > a folder of $fpath, named _laptop-dev
_laptop_dev() {
  local -a found names
  local place="" word skip=""
  case "\${words[CURRENT-1]}" in
    --file|--env-file|--profiles|--project|--output|--wslconfig|-f) _files; return ;;
    --engine) compadd docker podman; return ;;
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in ${valued()}) skip=1; continue ;; -*) continue ;; esac
    case "$place" in ''|${groupCases(verbs)}) place="\${place:+$place }$word" ;; esac
  done
  case "$place" in
    '') found=(${described(verbs)}); _describe verb found ;;
${cases.join('\n')}
  esac
}
compdef _laptop_dev laptop-dev laptop-dev.sh
`;
}

function zshText(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(':', '\\:');
}

function fish(verbs: readonly LoadedVerb[]): string {
  const quoted = (text: string) => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  const top = verbs.map(verb => `complete -c laptop-dev -n __fish_use_subcommand -f -a ${verb.name} -d ${quoted(verb.summary)}`);
  const grouping = groups(verbs).filter(path => !path.includes(' '));
  const rest = entries(verbs).flatMap(({ path, options, inner, completes }) => {
    // `logs` is a verb, and one of the daemon too.
    const alone = path.includes(' ') || grouping.includes(path) ? [] : [`not __fish_seen_subcommand_from ${grouping.join(' ')}`];
    const seen = [...path.split(' ').map(word => `__fish_seen_subcommand_from ${word}`), ...alone].join('; and ');
    const at = `complete -c laptop-dev -n ${quoted(seen)}`;
    return [
      ...inner.map(verb => `${at} -f -a ${verb.name} -d ${quoted(verb.summary)}`),
      ...(completes ? [`${at} -f -a ${quoted(`(laptop-dev __complete ${completes} 2>/dev/null)`)}`] : []),
      ...options.map(({ words, text }) => `${at} ${words.map(fishFlag).join(' ')} -d ${quoted(text)}`),
    ];
  });
  return `# fish completion of laptop-dev: laptop-dev completion fish > ~/.config/fish/completions/laptop-dev.fish
${[...top, ...rest].join('\n')}
complete -c laptop-dev -n '__fish_seen_subcommand_from completion' -f -a '${SHELLS.join(' ')}'
complete -c laptop-dev.sh -w laptop-dev
`;
}

function fishFlag(word: string): string {
  return word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`;
}
