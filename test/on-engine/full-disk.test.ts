import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { writeWhole } from '../../daemon/files/write-whole.js';
import { createStateFile } from '../../daemon/state-file/state-file.js';
import { tempFolder, temporaries } from '../files/support/kept.js';

/** Among the tests with an engine because, as some of those, it is root's: it mounts a disk. */
describe('a disk that is full', () => {
  /** 64 KiB, and all of it used but `free` pages. */
  function fullDisk(free: number): string {
    const folder = tempFolder();
    const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,nr_inodes=64,mode=0700', 'ld-full', folder], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`this test mounts a small disk, as root: ${stderr}`);
    // Before the folder is removed; at once, although the state may still be on its way to the disk.
    onTestFinished(() => void spawnSync('umount', ['-l', folder]));
    writeFileSync(join(folder, 'ballast'), Buffer.alloc((16 - free) * 4096));
    return folder;
  }

  it('keeps projects, pins and trust, says how much is free, and keeps the newer ones once there is room', () => {
    const folder = fullDisk(6);
    const intent = (text: string) => ({ version: 1, projects: [], trusted: [text.repeat(9_000)] }) as const;
    const store = createStateFile(join(folder, 'state.json'), () => null);
    expect(store.save(intent('a'))).toBeNull();
    writeFileSync(join(folder, 'more'), Buffer.alloc(2 * 4096));
    const failed = store.save(intent('b'));
    expect(failed).toMatchObject({ code: 'not-written', details: { cause: 'ENOSPC', size: 65_536 } });
    expect(failed?.message).toMatch(/no space left: 0 MB of 0.1 MB are free there/);
    expect(createStateFile(join(folder, 'state.json'), () => null).load()).toEqual({ intent: intent('a'), warning: null });
    writeFileSync(join(folder, 'ballast'), '');
    expect(store.save(intent('b'))).toBeNull();
    expect(createStateFile(join(folder, 'state.json'), () => null).load().intent).toEqual(intent('b'));
  });

  it('keeps a profile of the user’s', () => {
    const folder = fullDisk(2);
    const file = join(folder, 'laptop-dev.yaml');
    writeWhole(file, 'services: {}\n', { whose: 'user' });
    expect(() => writeWhole(file, 'x'.repeat(20_000), { whose: 'user' })).toThrow('ENOSPC');
    expect([readFileSync(file, 'utf8'), temporaries(folder)]).toEqual(['services: {}\n', []]);
  });
});
