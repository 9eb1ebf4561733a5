import { FailureError, failure } from '../../../shared/failure.js';
import type { Cli } from '../../cli.js';
import { CONFIG_OPTIONS, OPTIONS, type OptionName, OUTPUT_OPTIONS, optionOf } from '../../parser/options.js';
import type { LoadedVerb, Verb } from '../../verb.js';

/** Shells that there is a script for: help, messages and the scripts themselves name these. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

export const completionVerb = {
  name: 'completion',
  summary: `Print a completion script: ${SHELLS.slice(0, -1).join(', ')} or ${SHELLS.at(-1)}`,
  args: '<shell>',
  options: [],
  run,
} satisfies Verb;

/** Prints the script; how it is installed stands in its first lines. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const shell = shellOf(args[0] ?? '');
  if (!shell) throw new FailureError(failure('usage', `There is completion for ${SHELLS.join(', ')}, not for ${args[0]}.`));
  cli.out.write(completionScript(shell, await cli.verbs()));
  return 0;
}

/** In any case, for its makers write PowerShell; `pwsh` is what PowerShell 7 is called on PATH. */
function shellOf(word: string): Shell | undefined {
  const name = word.toLowerCase();
  return SHELLS.find(shell => shell === (name === 'pwsh' ? 'powershell' : name));
}

/** A completion script made from the table of verbs; names of services and profiles are asked for when they are needed. */
export function completionScript(shell: Shell, verbs: readonly LoadedVerb[]): string {
  const shown = verbs.filter(verb => !verb.hidden);
  return { bash, zsh, fish, powershell }[shell](shown);
}

/** What `--engine` takes. */
const ENGINES = ['docker', 'podman'];

interface EntryOption {
  /** All its forms: -f, --file. */
  readonly words: readonly string[];
  readonly text: string;
  readonly hasValue: boolean;
}

/** Every path of words (`config show`) with what may follow. */
interface Entry {
  readonly path: string;
  readonly summary: string;
  readonly options: readonly EntryOption[];
  readonly inner: readonly LoadedVerb[];
  readonly completes: Verb['completes'];
}

function entries(verbs: readonly LoadedVerb[], before = ''): Entry[] {
  return verbs.flatMap(verb => {
    const path = before === '' ? verb.name : `${before} ${verb.name}`;
    const inner = verb.verbs;
    return [{ path, summary: verb.summary, options: optionsOf(verb.options), inner, completes: verb.completes }, ...entries(inner, path)];
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

function optionsOf(names: readonly OptionName[]): EntryOption[] {
  return names.map(name => {
    const { flags, text } = optionOf(name);
    return { words: wordsOf(flags), text, hasValue: flags.includes('<') };
  });
}

/** All forms of the options whose flags match, in the order of the table; those of several options once. */
function wordsWith(flags: RegExp): string[] {
  const found = Object.values(OPTIONS).filter(option => flags.test(option.flags));
  return [...new Set(found.flatMap(option => wordsOf(option.flags)))];
}

/** Options that take a value: the word after one is no verb. All are plain: they need no quotes in any shell. */
function valued(): string[] {
  return wordsWith(/</);
}

/** Options whose value is a file or a folder of this machine: --workdir is one of the container. */
function pathValued(): string[] {
  return wordsWith(/^(?!.*--workdir).*<(?:file|folder|path)>/);
}

/** A path and the word before the cursor, where a path of files follows; as alternatives of a case. */
function pathCases(): string {
  return pathValued()
    .map(word => `*' ${word}'`)
    .join('|');
}

/** The same for verbs in which -f is --follow: no file follows. */
function followCases(verbs: readonly LoadedVerb[]): string {
  return entries(verbs)
    .filter(({ options }) => options.some(({ words, hasValue }) => words.includes('-f') && !hasValue))
    .map(({ path }) => `'${path} -f'`)
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
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in ${valued().join('|')}) skip=1; continue ;; -*) continue ;; esac
    case "$path" in ''|${groupCases(verbs)}) path="\${path:+$path }$word" ;; esac
  done
  case "$path $previous" in
    ${followCases(verbs)}) ;;
    ${pathCases()}) COMPREPLY=($(compgen -f -- "$current")); return ;;
    *' --engine') COMPREPLY=($(compgen -W "${ENGINES.join(' ')}" -- "$current")); return ;;
    'completion completion') COMPREPLY=($(compgen -W "${SHELLS.join(' ')}" -- "$current")); return ;;
  esac
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
  for word in "\${(@)words[2,CURRENT-1]}"; do
    if [[ -n $skip ]]; then skip=""; continue; fi
    case "$word" in ${valued().join('|')}) skip=1; continue ;; -*) continue ;; esac
    case "$place" in ''|${groupCases(verbs)}) place="\${place:+$place }$word" ;; esac
  done
  case "$place \${words[CURRENT-1]}" in
    ${followCases(verbs)}) ;;
    ${pathCases()}) _files; return ;;
    *' --engine') compadd ${ENGINES.join(' ')}; return ;;
  esac
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

/**
 * Registered as for a native command, whatever file the name stands for. Without a result PowerShell offers files, as is right for the value of
 * --file (docs/design/wsl.md, "From Windows"). ASCII: Windows PowerShell reads what a program prints in the code page of the console.
 * Unverified on a real host.
 */
function powershell(verbs: readonly LoadedVerb[]): string {
  const all = entries(verbs);
  const table = (rows: readonly (readonly [key: string, words: readonly string[]])[]) =>
    rows
      .filter(([, words]) => words.length > 0)
      .map(([key, words]) => `    ${powershellText(key)} = @(\n${words.map(word => `      ${powershellText(word)}`).join(',\n')}\n    )\n`)
      .join('');
  const described = (options: readonly EntryOption[]) => [
    ...options.flatMap(({ words, text }) => words.map(word => `${word} ${text}`)),
    '--help show the help',
  ];
  const shown = (list: readonly LoadedVerb[]) => list.map(({ name, summary }) => `${name} ${summary}`);
  const withValue = (options: readonly EntryOption[]) => options.filter(({ hasValue }) => hasValue).flatMap(({ words }) => words);
  const before = optionsOf([...CONFIG_OPTIONS, ...OUTPUT_OPTIONS]);
  return String.raw`# PowerShell completion of laptop-dev, for Windows PowerShell 5.1 and PowerShell 7; unverified on a real host. For this session:
#   Invoke-Expression ((laptop-dev completion powershell) -join [Environment]::NewLine)
# For all, from a file: asked in $PROFILE, laptop-dev would start the distribution with each PowerShell.
#   laptop-dev completion powershell | Set-Content -Encoding ascii "$HOME\laptop-dev-completion.ps1"
#   if (-not (Test-Path $PROFILE)) { New-Item -ItemType File -Force $PROFILE }
#   Add-Content $PROFILE '. "$HOME\laptop-dev-completion.ps1"'
Register-ArgumentCompleter -Native -CommandName 'laptop-dev', 'laptop-dev.cmd', 'laptop-dev.ps1', 'laptop-dev.sh' -ScriptBlock {
  param($wordToComplete, $commandAst, $cursorPosition)
  # By the path of verbs before the cursor, '' for none: a word, a blank, and what it does.
  $verbs = @{
${table([['', [...shown(verbs), 'help Show the arguments and options of a verb']], ...all.map(({ path, inner }) => [path, shown(inner)] as const)])}  }
  $options = @{
${table([['', described(before)], ...all.map(({ path, options }) => [path, described(options)] as const)])}  }
  # Options that take a value: the word after one is no verb.
  $valued = @{
${table([['', valued()], ...all.map(({ path, options, inner }) => [path, inner.length > 0 ? valued() : withValue(options)] as const)])}  }
  $paths = @(${pathValued().map(powershellText).join(', ')})
  $values = @{
${table([
  ['--engine', ENGINES],
  ['completion', SHELLS],
])}  }
  # Names that laptop-dev is asked for.
  $names = @{
${all.flatMap(({ path, completes }) => (completes ? [`    ${powershellText(path)} = ${powershellText(completes)}\n`] : [])).join('')}  }

  $path = ''
  $open = ''
  foreach ($element in @($commandAst.CommandElements | Select-Object -Skip 1)) {
    if ($element.Extent.EndOffset -ge $cursorPosition) { break }
    $isText = $element -is [System.Management.Automation.Language.StringConstantExpressionAst]
    $word = if ($isText) { $element.Value } else { $element.Extent.Text }
    if ($open -ne '') { $open = ''; continue }
    if ($word.StartsWith('-')) {
      if ($valued[$path] -ccontains $word) { $open = $word }
      continue
    }
    if ($verbs.ContainsKey($path)) { $path = "$path $word".Trim() }
  }

  $typed = $wordToComplete -replace '^[''"]', ''
  $offer = {
    param($word, $text)
    if ($word -match '[\x00-\x1f\x7f]' -or -not $word.StartsWith($typed, [StringComparison]::OrdinalIgnoreCase)) { return }
    # What is no plain word goes in quotes; PowerShell itself doubles those in it, of which it knows several.
    $quoted = $word
    if ($word -notmatch '^-{0,2}[a-z][a-z0-9_.-]*$') {
      $quoted = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent($word) + "'"
    }
    $kind = if ($word.StartsWith('-')) { 'ParameterName' } else { 'ParameterValue' }
    New-Object System.Management.Automation.CompletionResult $quoted, $word, $kind, $text
  }

  if ($open -ne '') {
    if ($paths -ccontains $open) { return }
    # One empty text: PowerShell 7 then offers no files either.
    if (-not $values.ContainsKey($open)) { return '' }
    foreach ($value in $values[$open]) { & $offer $value "value of $open" }
    return
  }
  $found = @()
  if (-not $typed.StartsWith('-')) {
    $found = @(
      foreach ($line in $verbs[$path]) { $word, $text = $line -split ' ', 2; & $offer $word $text }
      foreach ($value in $values[$path]) { & $offer $value "for $value" }
      if ($names.ContainsKey($path)) {
        # With nothing to read, else it would take what is typed meanwhile; and the exit code of the last command stays.
        $code = Get-Variable LASTEXITCODE -Scope Global -ValueOnly -ErrorAction Ignore
        $lines = try { @() | laptop-dev __complete $names[$path] 2>$null } catch { @() }
        $global:LASTEXITCODE = $code
        foreach ($name in $lines) { & $offer $name "one of $($names[$path])" }
      }
    )
  }
  if ($found.Count -gt 0) { return $found }
  foreach ($line in $options[$path]) { $word, $text = $line -split ' ', 2; & $offer $word $text }
}
`;
}

/** As PowerShell's text in single quotes, in which only these quotes are doubled. */
function powershellText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
