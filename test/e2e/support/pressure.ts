import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';
import { join } from 'node:path';
import type { PressureSignal } from '../../../daemon/api/notice.js';
import { pressureOf } from '../../../daemon/host/pressure.js';
import { MiB } from '../../../daemon/shared/bytes.js';
import { engine } from './engine.js';
import { TINY } from './tiny.js';
import { patience, until } from './until.js';

/** What makes the daemon see that the host is short of memory. */
export interface Strain {
  /** Of the daemon. */
  readonly env: Readonly<Record<string, string>>;
  /** What the daemon's judgement rests on. */
  readonly signal: PressureSignal;
  /** A container alone is short, within its own limit; the host has memory. */
  inside(): Promise<void>;
  /** Whether the kernel counts that. */
  stalls(): boolean;
  /** The host is short too. */
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Whether this kernel tells pressure stall information. */
export const HAS_PSI = /^some avg10=/.test(readOrEmpty('/proc/pressure/memory'));
/** PSI some above which the daemon of these tests sees pressure, in %; an emulated host computes longer than it stalls. */
export const SOFT_SOME = patience(1) > 1 ? 4 : 10;

/** More than its limit by a half, in files: what one reader needs the others' reading has just dropped. */
const HOG = { limit: 40 * MiB, readers: 4, fileMiB: 16 };
/** For the file cache of a host that is short: far more than the share below which memory itself is too little. */
const LEFT = 640 * MiB;

/**
 * A container that thrashes inside its own hard limit: what it reads again and again does not fit, so the kernel reclaims and reads
 * without end, and counts the stalls for the whole host. It takes nobody's memory and is not killed: page cache can be dropped.
 * The host is short with a second one beside it, that takes what is free but for some cache, and goes on reading. For a machine that the
 * test has to itself: it makes its cache empty first.
 */
export function hog(name: string): Strain {
  const read = (index: number) =>
    `(dd if=/dev/zero of=/f${index} bs=1M count=${HOG.fileMiB}; while :; do cat /f${index} > /dev/null; done) &`;
  const thrash = Array.from({ length: HOG.readers }, (_, index) => read(index)).join(' ');
  /** Of a file without blocks; a little at a time, for what is to be seen is what the others do. */
  const fill = (taken: number) =>
    `fallocate -l ${taken} /taken/it; dd if=/dev/zero of=/f bs=1 count=0 seek=${2 * totalmem()}; dd if=/f of=/dev/null bs=1M count=${LEFT / MiB}; ` +
    `i=${LEFT / MiB}; while :; do dd if=/f of=/dev/null bs=1M count=8 skip=$i; i=$((i + 8)); sleep 1; done &`;
  const run = async (container: string, work: string, HostConfig = {}) => {
    const Cmd = ['sh', '-c', `trap 'exit 0' TERM; ${work} wait`];
    await engine('POST', `/containers/create?name=${container}`, { Image: TINY, Cmd, HostConfig });
    await engine('POST', `/containers/${container}/start`);
  };
  const filler = `${name}-filler`;
  const reclaims = () => Number(/^pgscan_kswapd (\d+)$/m.exec(readOrEmpty('/proc/vmstat'))?.[1]);
  return {
    env: {},
    signal: 'softSome',
    async inside() {
      writeFileSync('/proc/sys/vm/drop_caches', '3');
      await run(name, thrash, { Memory: HOG.limit, MemorySwap: HOG.limit });
    },
    stalls: () => (pressureOf(readOrEmpty('/proc/pressure/memory'))?.some10 ?? 0) > SOFT_SOME,
    async begin() {
      // It would have the processor that the other needs.
      await engine('POST', `/containers/${name}/pause`);
      const before = reclaims();
      await run(filler, fill(freemem() - LEFT), { Tmpfs: { '/taken': 'size=90%' } });
      await until('the kernel looks for memory', () => reclaims() > before, 120_000);
      await engine('POST', `/containers/${name}/unpause`);
    },
    async end() {
      for (const container of [name, filler]) await engine('DELETE', `/containers/${container}?force=true&v=true`);
    },
  };
}

/**
 * A /proc in a folder, of a host of 4 GB: most is free, then a little more than the rules call little, and what was dropped is read again
 * all the time. `psi`: its kernel tells so itself.
 */
export class FakeProc implements Strain {
  readonly env: Readonly<Record<string, string>>;
  readonly signal: PressureSignal;
  private refaults = 1_000;
  private reclaims = 1_000;
  private isHostShort = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly folder: string,
    private readonly psi: boolean,
  ) {
    mkdirSync(join(folder, 'pressure'), { recursive: true });
    this.env = { LAPTOP_DEV_PROC: folder };
    this.signal = psi ? 'softSome' : 'refaults';
    this.available(60);
    this.stall(0);
    this.count();
  }

  async inside(): Promise<void> {
    this.stall(30);
    this.timer = setInterval(() => this.count(), 200);
  }

  stalls(): boolean {
    return true;
  }

  async begin(): Promise<void> {
    this.available(12);
    this.isHostShort = true;
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
    this.isHostShort = false;
    this.available(60);
    this.stall(0);
  }

  /** MemAvailable, in % of MemTotal. */
  available(percent: number): void {
    const total = 4 * 1024 * 1024;
    this.write('meminfo', `MemTotal: ${total} kB\nMemFree: 1000 kB\nMemAvailable: ${Math.floor((total * percent) / 100)} kB\n`);
  }

  private stall(some: number): void {
    if (!this.psi) return;
    const averages = (of10: number) => `avg10=${of10}.00 avg60=0.00 avg300=0.00 total=0`;
    this.write('pressure/memory', `some ${averages(some)}\nfull ${averages(0)}\n`);
  }

  private count(): void {
    this.refaults += 50;
    if (this.isHostShort) this.reclaims += 50;
    this.write(
      'vmstat',
      `pswpin 0\npswpout 0\nworkingset_refault_anon 0\nworkingset_refault_file ${this.refaults}\npgscan_kswapd ${this.reclaims}\n`,
    );
  }

  /** Whole at every moment, as the kernel's are. */
  private write(name: string, text: string): void {
    writeFileSync(join(this.folder, `${name}.new`), text);
    renameSync(join(this.folder, `${name}.new`), join(this.folder, name));
  }
}

function readOrEmpty(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
