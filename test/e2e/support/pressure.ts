import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MiB } from '../../../daemon/core/bytes.js';
import { engine } from './engine.js';
import { TINY } from './tiny.js';

/** What makes the daemon see that the host is short of memory. */
export interface Strain {
  /** Of the daemon. */
  readonly env: Readonly<Record<string, string>>;
  /** Of what the daemon says that its judgement rests on. */
  readonly says: RegExp;
  begin(): Promise<void>;
  end(): Promise<void>;
}

/** Whether this kernel tells pressure stall information. */
export const HAS_PSI = /^some avg10=/.test(readOrEmpty('/proc/pressure/memory'));
export const SAYS_PSI = /PSI some avg10 \d+ % for \d/;
export const SAYS_REFAULTS = /file pages that were dropped are read again for \d/;

/** More than its limit by a half, in files: what one reader needs the others' reading has just dropped. */
const HOG = { limit: 40 * MiB, readers: 4, fileMiB: 16 };

/**
 * A container that thrashes inside its own hard limit: what it reads again and again does not fit, so the kernel reclaims and reads
 * without end, and counts the stalls for the whole host. It takes nobody's memory and is not killed: page cache can be dropped.
 */
export function hog(name: string): Strain {
  const read = (index: number) =>
    `(dd if=/dev/zero of=/f${index} bs=1M count=${HOG.fileMiB}; while :; do cat /f${index} > /dev/null; done) &`;
  const script = `trap 'exit 0' TERM; ${Array.from({ length: HOG.readers }, (_, index) => read(index)).join(' ')} wait`;
  const spec = { Image: TINY, Cmd: ['sh', '-c', script], HostConfig: { Memory: HOG.limit, MemorySwap: HOG.limit } };
  return {
    env: {},
    says: SAYS_PSI,
    async begin() {
      await engine('POST', `/containers/create?name=${name}`, spec);
      await engine('POST', `/containers/${name}/start`);
    },
    end: () => engine('DELETE', `/containers/${name}?force=true&v=true`),
  };
}

/**
 * A /proc in a folder, of a host of 4 GB: most is free, then a little more than the rules call little, and what was dropped is read again
 * all the time. `psi`: its kernel tells so itself.
 */
export class FakeProc implements Strain {
  readonly env: Readonly<Record<string, string>>;
  readonly says: RegExp;
  private refaults = 1_000;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly folder: string,
    private readonly psi: boolean,
  ) {
    mkdirSync(join(folder, 'pressure'), { recursive: true });
    this.env = { LAPTOP_DEV_PROC: folder };
    this.says = psi ? SAYS_PSI : SAYS_REFAULTS;
    this.available(60);
    this.stall(0);
    this.count();
  }

  async begin(): Promise<void> {
    this.available(12);
    this.stall(30);
    this.timer = setInterval(() => this.count(), 200);
  }

  async end(): Promise<void> {
    clearInterval(this.timer);
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
    const averages = `avg10=${some}.00 avg60=0.00 avg300=0.00 total=0`;
    this.write('pressure/memory', `some ${averages}\nfull ${averages.replace(/\d+/, '0')}\n`);
  }

  private count(): void {
    this.refaults += 50;
    this.write('vmstat', `pswpin 0\npswpout 0\nworkingset_refault_anon 0\nworkingset_refault_file ${this.refaults}\n`);
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
