import type { LiveWindows } from '../../../api/live.js';
import { heldOf, type WindowsHeld } from '../../../api/windows-held.js';
import { lookAtBothSides, type VmMemory } from '../../../platform/wsl/windows-memory.js';
import type { Bytes } from '../../../shared/bytes.js';
import { FailureError, failure } from '../../../shared/failure.js';
import type { Ms } from '../../../shared/span.js';
import { clock, short } from '../../../ui/terminal/text/figures.js';
import { answer, type Cli, remark, untilCancelled } from '../../cli.js';
import { OUTPUT_OPTIONS } from '../../parser/options.js';
import { table } from '../../render/table.js';
import type { Verb } from '../../verb.js';
import { hostOf, windowsCache } from './read-wsl.js';

export const wslWatchVerb = {
  name: 'watch',
  summary: 'Show what Windows holds for WSL against what the VM uses, a row a minute',
  args: '',
  options: ['every-minute', 'no-stream', ...OUTPUT_OPTIONS],
  run,
} satisfies Verb;

/** Each row costs Windows a PowerShell. */
const EVERY: Ms = 60_000;
const LONGEST: Ms = 86_400_000;

/** One look at both sides. */
interface WatchedRow {
  /** ms since the epoch. */
  readonly at: Ms;
  readonly windows: Omit<LiveWindows, 'at'> | null;
  /** Why Windows could not be asked; null: it answered. */
  readonly windowsFault: string | null;
  readonly held: WindowsHeld | null;
  readonly vm: VmMemory;
  /** What Windows holds for the VM beyond what it uses. Below 0: Windows has paged a part of it out. Null: not known. */
  readonly unused: Bytes | null;
}

/**
 * A row at once, then one each --every until ctrl-C; one JSON object a line with --json. --no-stream: one row. Where Windows cannot be asked the rows
 * have the VM's figures, and the reason is said once. Fails with not-wsl, and with usage for a time out of bounds.
 */
async function run(cli: Cli): Promise<number> {
  const { every = EVERY, stream = true, json = false, quiet = false } = cli.options;
  if (every < EVERY || every > LONGEST) {
    const message = '--every has to be from 60s to 24h: each row starts a PowerShell on Windows.';
    throw new FailureError(failure('usage', message, {}, ['laptop-dev wsl watch --no-stream shows how it is now.']));
  }
  const said = new Remarks(cli);
  if (!stream || quiet) {
    return untilCancelled(cli, async signal => {
      const row = await unlessAborted(look(cli), signal);
      if (row === null) return signal.throwIfAborted();
      if (!json) said.of(row);
      answer(cli, row, () => [...heading(cli), ...lines(row)].join('\n'));
    });
  }
  return untilCancelled(cli, async signal => {
    let isFirst = true;
    for await (const row of rows(cli, every, signal)) {
      if (json) cli.out.write(`${JSON.stringify(row)}\n`);
      else {
        said.of(row);
        const [titles, figures] = lines(row);
        const shown = isFirst ? [...heading(cli), titles, figures] : [figures];
        cli.out.write(`${shown.join('\n')}\n`);
      }
      isFirst = false;
    }
    signal.throwIfAborted();
  });
}

/** The first at once; each begins `every` after the one before began. Ends when `signal` is aborted. */
async function* rows(cli: Cli, every: Ms, signal: AbortSignal): AsyncGenerator<WatchedRow> {
  for (;;) {
    const pause = new Pause(every);
    try {
      const row = await unlessAborted(look(cli), signal);
      if (row === null) return;
      yield row;
      if ((await unlessAborted(pause.over, signal)) === null) return;
    } finally {
      pause.cancel();
    }
  }
}

async function look(cli: Cli): Promise<WatchedRow> {
  const { vm, answer: told } = await lookAtBothSides(hostOf(cli), windowsCache(cli));
  if (told === null) throw new FailureError(notHere(vm));
  const { windows, fault } = told;
  const held = windows && heldOf(windows.machines);
  const unused = held && held.wsl !== null ? held.wsl - vm.memory.used : null;
  return { at: Date.now(), windows, windowsFault: fault, held, vm: vm.memory, unused };
}

function notHere({ kernel, kind }: { readonly kernel: string; readonly kind: string }) {
  const message = `This is not WSL2 (the kernel is ${kernel}): Windows holds no memory for it that could be watched.`;
  return failure('not-wsl', message, { kernel, kind }, ['laptop-dev stats shows what services use, here as well.']);
}

/** A timer that is a promise. */
class Pause {
  private timer: NodeJS.Timeout | undefined;
  readonly over: Promise<true>;

  constructor(time: Ms) {
    this.over = new Promise(resolve => {
      this.timer = setTimeout(() => resolve(true), time);
    });
  }

  cancel(): void {
    clearTimeout(this.timer);
  }
}

/** What the work comes to; null as soon as the signal is aborted: a PowerShell that hangs does not hold up ctrl-C. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    const end = () => resolve(null);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', end));
  });
}

/** What has to be said about rows, on stderr, so that the table stays one: each time that it is something new. */
class Remarks {
  private last: string | null = null;

  constructor(private readonly cli: Cli) {}

  of(row: WatchedRow): void {
    const text = remarkOf(row);
    if (text !== null && text !== this.last) remark(this.cli, text);
    this.last = text;
  }
}

function remarkOf({ windows, windowsFault, held }: WatchedRow): string | null {
  if (windowsFault !== null)
    return `Windows could not be asked: ${windowsFault}. It is asked again for each row; laptop-dev doctor has more.`;
  if (windows === null || held === null) return null;
  if (windows.machines.length === 0) return 'PowerShell lists no virtual machine: what Windows holds for WSL is not known.';
  if (held.together !== null) return "This Windows calls each machine vmmem: VMMEMWSL is WSL's machines together, and UNUSED is not known.";
  if (held.wsl === null) return 'Windows lists vmmemWSL, but not how much memory it holds: this user may not read that.';
  return held.wslc === null ? "Windows lists wslc's machine, but not how much memory it holds: this user may not read that." : null;
}

/** Where each figure is from. */
function heading({ out: { colours } }: Cli): string[] {
  const sources = [
    'WINDOWS FREE    Win32_OperatingSystem, by PowerShell',
    'VMMEMWSL, WSLC  Win32_Process, same call: working sets of vmmemWSL, vmmemwslc-*',
    'VM TOTAL…FREE   /proc/meminfo; USED: MemTotal - MemAvailable; CACHE with Buffers',
    'UNUSED          VMMEMWSL - USED: Windows holds it, the VM does not use it',
    'Unverified on a real host: tried on simulated ones only.',
  ];
  return [...sources.map(colours.dim), ''];
}

/** Titles as wide as any figure below them: rows come one by one, and line up. */
const COLUMNS = [
  { title: 'TIME    ' },
  ...['WINDOWS FREE', 'VMMEMWSL', ' WSLC', 'VM TOTAL', ' USED', 'CACHE', ' FREE', 'UNUSED'].map(title => ({
    title,
    align: 'right' as const,
  })),
];

/** The titles and the figures of one row. */
function lines({ at, windows, held, vm, unused }: WatchedRow): [titles: string, figures: string] {
  const size = (bytes: Bytes | null | undefined) => (bytes == null ? '-' : bytes < 0 ? `-${short(-bytes)}` : short(bytes));
  const cells = [
    clock(at),
    ...[windows?.free, held?.wsl ?? held?.together, held?.wslc, vm.total, vm.used, vm.cache, vm.free, unused].map(size),
  ];
  const [titles = '', figures = ''] = table(COLUMNS, [cells], Number.POSITIVE_INFINITY);
  return [titles, figures];
}
