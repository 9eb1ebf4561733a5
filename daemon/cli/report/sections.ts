import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Evidence } from '../../platform/doctor/evidence.js';
import { examine } from '../../platform/doctor/examine.js';
import { remedyTexts } from '../../platform/doctor/finding.js';
import { run } from '../../platform/wsl/programs.js';
import { formatBytes } from '../../shared/bytes.js';
import { FailureError } from '../../shared/failure.js';
import { looksSecret, REDACTED } from '../../shared/redact.js';
import { coloursOf } from '../../ui/shared/colours.js';
import type { Cli } from '../cli.js';
import { prettyLine } from '../commands/daemon/logs.js';
import { hostOf } from '../commands/wsl/read-wsl.js';
import { renderBudget } from '../render/budget.js';
import { renderServices } from '../render/ps.js';

const PLAIN = coloursOf(false);
const LOOK = { width: 160, colours: PLAIN };

export interface Section {
  readonly title: string;
  readonly lines: readonly string[];
}

/** Not of laptop-dev, but it obeys them. */
const OTHERS = /^(DOCKER_(HOST|CONTEXT)|COMPOSE_(FILE|PROJECT_NAME|PROFILES)|WSL_DISTRO_NAME|NO_COLOR|FORCE_COLOR|TERM|LANG|CI)$/;

/** Variables that laptop-dev reads, by name; the value of one whose name sounds like a secret is left out. */
export function settings({ env }: Cli): readonly string[] {
  const found = Object.keys(env).filter(name => name.startsWith('LAPTOP_DEV_') || OTHERS.test(name)).sort(); // biome-ignore format: short
  return found.map(name => `${name}=${looksSecret(name) ? REDACTED : env[name]}`);
}

export function versions(cli: Cli, evidence: Evidence): readonly string[] {
  const { engine } = evidence.engine;
  return [
    `laptop-dev ${cli.version}`,
    `daemon     ${evidence.daemon ?? 'none answers'}`,
    `engine     ${engine ? `${engine.product} (${engine.kind}) ${engine.version}, cgroup v${engine.cgroup ?? '?'}, ${engine.endpoint}` : 'none answers'}`,
    `node       ${process.version} ${process.platform} ${process.arch}`,
  ];
}

export async function machineSection(cli: Cli, evidence: Evidence): Promise<readonly string[]> {
  const { root } = hostOf(cli);
  const read = (path: string) => readFile(join(root, path), 'utf8').catch(() => '');
  const [release, psi] = await Promise.all([read('/etc/os-release'), read('/proc/pressure/memory')]);
  const { vm, wslVersion, networkingMode, windows, windowsFault } = evidence.facts;
  const { memory } = vm;
  const wsl = [
    `WSL ${wslVersion?.value ?? 'unknown'}, networking ${networkingMode?.value ?? 'unknown'}, interop ${vm.interop ? 'on' : 'off'}`,
    windows
      ? `Windows build ${windows.build ?? '?'}, ${formatBytes(windows.total)}, ${windows.cpus} processors, free ${evidence.windowsFree === null ? '?' : formatBytes(evidence.windowsFree)}`
      : `Windows could not be asked: ${windowsFault}`,
    ...[...(evidence.config?.config.effective.values() ?? [])].map(({ name, value }) => `.wslconfig ${name}=${evidence.config?.decoded.show(value)}`),
  ]; // biome-ignore format: short
  return [
    `${/^PRETTY_NAME="?([^"\n]*)/m.exec(release)?.[1] ?? 'an unknown distribution'}, kernel ${vm.kernel} (${vm.kind}), cgroup ${vm.cgroup ?? 'unknown'}, ${vm.psi ? 'with' : 'without'} PSI`,
    `${formatBytes(memory.total)}: ${formatBytes(memory.available)} available, ${formatBytes(memory.free)} free, ${formatBytes(memory.cached)} file cache; swap ${formatBytes(vm.swap)}`,
    `${vm.cpus} processors, load ${evidence.load5} over 5 minutes`,
    ...psi.trim().split('\n').filter(Boolean).map(line => `PSI memory: ${line}`),
    ...evidence.disks.map(({ path, free, total }) => `disk of ${path}: ${formatBytes(free)} free of ${formatBytes(total)}`),
    ...(vm.kind === 'linux' ? [] : wsl),
  ]; // biome-ignore format: short
}

export function doctor(evidence: Evidence): readonly string[] {
  const { findings, fine, skipped } = examine(evidence);
  return [
    ...findings.flatMap(finding => [
      `${finding.level === 'problem' ? '✗' : '!'} [${finding.code}] ${finding.symptom}`,
      `    ${finding.evidence}`,
      ...remedyTexts(finding).map(each => `  → ${each}`),
    ]),
    `fine: ${fine.map(({ code }) => code).join(', ') || 'none'}`,
    `does not apply: ${skipped.map(({ code }) => code).join(', ') || 'none'}`,
  ];
}

const NOTICES = 200;

/** What the daemon says of itself; one line where none answers. */
export async function daemonSections(cli: Cli, why: string | null): Promise<readonly Section[]> {
  if (why !== null) return [{ title: 'Daemon', lines: [why] }];
  const part = async (title: string, ask: () => Promise<readonly string[]>): Promise<Section> => ({ title, lines: await orReason(ask) });
  return Promise.all([
    part('Services (ps --all)', async () => renderServices(await cli.client.services(null, true), { ...LOOK, projects: true })),
    part('Budget', async () => renderBudget(await cli.client.budget(), LOOK)),
    part('Leases', async () =>
      (await cli.client.leases()).map(({ project, services, holder, note, remaining }) =>
        [`${project}: ${services.join(', ')}`, holder, note, remaining === null ? 'until released' : `${Math.round(remaining / 1000)} s left`].join('; '),
      ),
    ),
    part('Notices', async () => {
      const lines: string[] = [];
      for await (const { at, level, project, service, kind, text } of cli.client.notices({ project: null, follow: false }))
        lines.push([new Date(at).toISOString(), level, [project, service].filter(Boolean).join('/'), kind, text].join('  '));
      return lines.slice(-NOTICES);
    }),
  ]); // biome-ignore format: short
}

const DAEMON_LINES = 200;
const ENGINE_LINES = 100;
const JOURNAL_LIMIT = 5000;

/** The ends of the daemon's log, of what it wrote before its log was open, and of the engine's log. */
export async function logs(cli: Cli, home: string): Promise<readonly Section[]> {
  const { logFile, startLog } = cli.paths;
  const [log, start, engine] = await Promise.all([lastLines(logFile, DAEMON_LINES), lastLines(startLog, 50), engineLog(cli, home)]);
  return [
    { title: `End of ${logFile}`, lines: log?.map(line => prettyLine(line, PLAIN)) ?? ['There is none.'] },
    ...(start === null || start.length === 0 ? [] : [{ title: `End of ${startLog}`, lines: start }]),
    engine,
  ];
}

/** Where scripts/engine.sh puts it, else the journal of the unit. */
async function engineLog(cli: Cli, home: string): Promise<Section> {
  const host = hostOf(cli);
  const { LAPTOP_DEV_ENGINE_LOGS: given, XDG_STATE_HOME: state } = cli.env;
  const own = join(state || join(home, '.local/state'), 'laptop-dev');
  for (const folder of [...(given ? [given] : []), join(host.root, '/var/log/laptop-dev-engine'), own]) {
    for (const name of ['dockerd', 'podman']) {
      const lines = await lastLines(join(folder, `${name}.log`), ENGINE_LINES);
      if (lines !== null) return { title: `End of ${join(folder, `${name}.log`)}`, lines };
    }
  }
  const args = ['-u', 'docker', '-u', 'podman', '-n', String(ENGINE_LINES), '--no-pager', '-o', 'short-iso', '--no-hostname'];
  const { text, fault } = await run(host, 'journalctl', args, JOURNAL_LIMIT);
  return { title: 'Journal of the engine', lines: fault === null ? text.trimEnd().split('\n') : [`There is none: ${fault}.`] };
}

/** The end of a log that is read, bytes. */
const LAST_BYTES = 256 * 1024;

/** null: the file does not exist, or cannot be read. */
async function lastLines(file: string, count: number): Promise<readonly string[] | null> {
  const handle = await open(file).catch(() => null);
  if (handle === null) return null;
  try {
    const { size } = await handle.stat();
    const from = Math.max(0, size - LAST_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(size - from), 0, size - from, from);
    const lines = buffer.toString('utf8', 0, bytesRead).split('\n').filter(Boolean);
    // Half a line could be half a secret, which no pattern knows.
    return (from > 0 ? lines.slice(1) : lines).slice(-count);
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** A section that fails says why; the others are still in the report. */
export async function orReason(ask: () => Promise<readonly string[]>): Promise<readonly string[]> {
  try {
    return await ask();
  } catch (error) {
    return [error instanceof FailureError ? `${error.failure.code}: ${error.failure.message}` : String(error)];
  }
}
