import { chmodSync } from 'node:fs';
import type { Evidence } from '../../../platform/doctor/evidence.js';
import type { Coded, Examined } from '../../../platform/doctor/examine.js';
import { remedyTexts } from '../../../platform/doctor/finding.js';
import { diffLines } from '../../../platform/wsl/wslconfig/diff.js';
import { applyPatches, type ConfigChange, planEdit } from '../../../platform/wsl/wslconfig/edit.js';
import { type ConfigFile, saveConfig } from '../../../platform/wsl/wslconfig/file.js';
import { answer, type Cli, type Colours } from '../../cli.js';
import { CONFIG_OPTIONS, OUTPUT_OPTIONS } from '../../parser/options.js';
import { wrapCell } from '../../render/table.js';
import { renderDiff, UNVERIFIED } from '../../render/wsl.js';
import type { Verb } from '../../verb.js';
import { undoFile } from '../wsl/read-wsl.js';

export const doctorVerb = {
  name: 'doctor',
  summary: 'Check engine, host, WSL2 and project; each finding comes with evidence and a fix',
  args: '[profile]',
  options: [...CONFIG_OPTIONS, 'fix', 'dry-run', 'explain', 'wslconfig', ...OUTPUT_OPTIONS],
  completes: 'profiles-and-services',
  run,
} satisfies Verb;

/** Exit code when something is wrong: that of what is unhealthy. */
const UNWELL = 7;

/** Looks for what is wrong here, and with --fix mends what can be taken back. Exit 0 only when no problem is left. */
async function run(cli: Cli, args: readonly string[]): Promise<number> {
  const profile = args[0] ?? null;
  const { fix = false, dryRun = false } = cli.options;
  const [{ gather }, { examine }] = await Promise.all([import('./gather-evidence.js'), import('../../../platform/doctor/examine.js')]);
  let evidence = await gather(cli, profile);
  const done = fix ? repair(cli, evidence, examine(evidence).findings, dryRun) : [];
  if (done.length > 0 && !dryRun) evidence = await gather(cli, profile);
  const examined = examine(evidence);
  answer(cli, { ...examined, repaired: done, dryRun }, () => render(cli, examined, done, evidence.facts.vm.kind === 'wsl2').join('\n'));
  return examined.findings.some(({ level }) => level === 'problem') ? UNWELL : 0;
}

interface Repaired {
  readonly codes: readonly string[];
  readonly what: string;
  readonly diff: ReturnType<typeof diffLines>;
}

function repair(cli: Cli, { config }: Evidence, findings: readonly Coded[], dryRun: boolean): readonly Repaired[] {
  const modes = findings.flatMap(({ code, repair: how }): Repaired[] => {
    if (how?.kind !== 'mode') return [];
    if (!dryRun) chmodSync(how.path, how.mode);
    return [{ codes: [code], what: `chmod ${how.mode.toString(8)} ${how.path}`, diff: [] }];
  });
  const edits = findings.flatMap(({ code, repair: how }) => (how?.kind === 'config' ? [{ code, changes: how.changes }] : []));
  if (config === null || edits.length === 0 || config.decoded.fault?.fatal) return modes;
  const changes = edits.flatMap(each => each.changes);
  return [...modes, { codes: [...new Set(edits.map(({ code }) => code))], ...edit(cli, config, changes, dryRun) }];
}

function edit(cli: Cli, config: ConfigFile, changes: readonly ConfigChange[], dryRun: boolean): Omit<Repaired, 'codes'> {
  const { text, show } = config.decoded;
  const edited = applyPatches(text, planEdit(text, changes));
  if (!dryRun) saveConfig(config, edited, undoFile(cli), 'doctor --fix', Date.now());
  return { what: `${config.file}; laptop-dev wsl undo takes it back`, diff: diffLines(show(text), show(edited)) };
}

function render(cli: Cli, { findings, fine, skipped }: Examined, done: readonly Repaired[], wsl: boolean): string[] {
  const { colours } = cli.out;
  const width = Math.min(Math.max(40, cli.out.columns()), 120);
  const explain = cli.options.explain ?? false;
  const repaired = done.flatMap(({ what, diff }) => [
    `${cli.options.dryRun ? 'Would mend' : 'Mended'} ${what}`,
    ...renderDiff(diff, colours),
    '',
  ]);
  const reasons = [...new Set(skipped.map(({ why }) => why))].map(
    why => `${skipped.filter(each => each.why === why).map(({ code }) => code).join(', ')}: ${why}`,
  ); // biome-ignore format: short
  return [
    ...repaired,
    ...findings.flatMap(finding => renderFinding(finding, width, colours)),
    ...(explain ? [...fine.flatMap(({ code, text }) => wrapCell(`${colours.green('✓')} ${code}: ${text}`, width)), ''] : []),
    `${fine.length} checks found nothing wrong${explain ? '' : ' (--explain shows them)'}.`,
    ...(skipped.length > 0 ? [`${skipped.length} do not apply here:`, ...reasons.flatMap(reason => wrapCell(`  ${reason}`, width))] : []),
    ...(wsl && (explain || findings.some(({ code }) => code.startsWith('wsl-'))) ? ['', UNVERIFIED] : []),
  ];
}

function renderFinding(finding: Coded, width: number, colours: Colours): string[] {
  const { level, code, symptom, evidence } = finding;
  const mark = level === 'problem' ? colours.red('✗') : colours.yellow('!');
  const indented = (text: string, first: string) => wrapCell(text, width - 4).map((line, at) => `${at === 0 ? first : '    '}${line}`);
  const heading = wrapCell(`${symptom} ${colours.dim(`[${code}]`)}`, width - 2);
  return [
    ...heading.map((line, at) => `${at === 0 ? mark : ' '} ${line}`),
    ...indented(evidence, '    '),
    ...remedyTexts(finding).flatMap(each => indented(each, '  → ')),
    '',
  ];
}
