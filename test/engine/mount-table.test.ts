import { expect, test } from 'vitest';
import { MountWindows } from '../../daemon/engine/mount-guard/guard.js';
import { isBelow, mountOf, parseMountTable } from '../../daemon/engine/mount-guard/mount-table.js';

const TABLE = parseMountTable(`22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 22 8:2 / /home rw - ext4 /dev/sda2 rw
31 22 8:2 /u/shop /srv/the\\040shop ro,relatime - ext4 /dev/sda2 rw
32 30 0:40 / /home/u/fast rw - tmpfs tmpfs rw`);

test('a path lies in the mount that covers it, by the name in its file system', () => {
  expect(mountOf('/etc/x', TABLE)).toEqual({ device: '8:1', path: '/etc/x' });
  expect(mountOf('/home', TABLE)).toEqual({ device: '8:2', path: '/' });
  expect(mountOf('/home/u/fast/a', TABLE)).toEqual({ device: '0:40', path: '/a' });
  expect(mountOf('/homes', TABLE)).toEqual({ device: '8:1', path: '/homes' });
});

test('two names of one folder are one place; what lies in it can be changed through both', () => {
  const shop = { device: '8:2', path: '/u/shop' };
  expect(mountOf('/srv/the shop/data', TABLE)).toEqual(mountOf('/home/u/shop/data', TABLE));
  expect(isBelow({ device: '8:2', path: '/u/shop/data' }, shop)).toBe(true);
  expect(isBelow(shop, shop)).toBe(false);
  expect(isBelow({ device: '8:2', path: '/u/shopping' }, shop)).toBe(false);
  expect(isBelow({ device: '8:1', path: '/u/shop/data' }, shop)).toBe(false);
});

test('starts that could get at what another one mounts wait for it, others do not', async () => {
  const windows = new MountWindows();
  const order: string[] = [];
  const enter = async (name: string, sources: string[], writes: string[]) => {
    const leave = await windows.enter({ sources, writes });
    order.push(name);
    return leave;
  };
  const first = await enter('reads below', ['/p/a/b'], []);
  const second = enter('writes above', ['/p/a'], ['/p/a']);
  const third = enter('beside', ['/p/c'], ['/p/c']);
  const fourth = enter('reads below too', ['/p/a/d'], []);
  (await third)();
  expect(order).toEqual(['reads below', 'beside']);
  first();
  (await second)();
  (await fourth)();
  expect(order).toEqual(['reads below', 'beside', 'writes above', 'reads below too']);
});
