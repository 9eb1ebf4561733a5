import { readFileSync, readlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import type { Redirect } from '../../daemon/ports/redirects.js';
import { openRedirectManager } from '../../daemon/redirects/manager.js';
import type { ScriptResult, ScriptRunner } from '../../daemon/redirects/shell.js';
import { silent } from '../activation/harness.js';

const HERE = `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/net')}\n`;
const done = (stdout = ''): ScriptResult => ({ exitCode: 0, stdout, stderr: '' });
const failed = (stderr: string): ScriptResult => ({ exitCode: 1, stdout: '', stderr });
/** A shell that gives these answers in turn, and keeps what it was asked. */
function shell(...answers: (ScriptResult | Error)[]): ScriptRunner & { readonly scripts: string[] } {
  const scripts: string[] = [];
  const run: ScriptRunner = async script => {
    scripts.push(script);
    const answer = answers.shift() ?? done();
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return Object.assign(run, { scripts });
}
const open = (own: ScriptRunner, helper: ScriptRunner | null = null) => openRedirectManager({ instance: 'i', log: silent, own, helper });
const DENIED = failed('Operation not permitted (you must be root)\nnetlink: Error: cache initialization failed: Operation not permitted\n');

test('by itself where it may, and the helper is not asked', async () => {
  const helper = shell();
  expect((await open(shell(done(HERE)), helper)).available).toEqual({ how: 'nft' });
  expect(helper.scripts).toEqual([]);
});

test('by the helper where it may not, and all that follows goes there', async () => {
  const [own, helper] = [shell(DENIED), shell(done(HERE))];
  const path = await open(own, helper);
  expect(path.available).toEqual({ how: 'helper' });
  expect([await path.set([]), await path.close()]).toEqual([null, null]);
  expect([own.scripts.length, helper.scripts.length]).toEqual([1, 3]);
});

test.each([
  ['no privileges', shell(DENIED), null, 'the daemon cannot set rules of the kernel: it needs CAP_NET_ADMIN'],
  [
    'no nft',
    shell(failed('there is no nft command (package nftables)\n')),
    null,
    'the daemon cannot set rules of the kernel: there is no nft command (package nftables)',
  ],
  [
    'a helper on the machine of Docker Desktop',
    shell(DENIED),
    shell(done('another-boot\nnet:[4026531840]\n')),
    'neither the daemon (it needs CAP_NET_ADMIN) nor a helper container (its network is not the one of this machine) can set rules of the kernel',
  ],
  [
    'no engine for the helper',
    shell(DENIED),
    shell(new Error('no such image')),
    'neither the daemon (it needs CAP_NET_ADMIN) nor a helper container (no such image) can set rules of the kernel',
  ],
])('not available: %s', async (_name, own, helper, reason) => {
  const path = await open(own, helper);
  expect(path.available).toEqual({ reason });
  const asked = own.scripts.length;
  expect(path.refuses(to('127.0.0.1'))).toBe(reason);
  expect([await path.set([to('127.0.0.1')]), await path.close()]).toEqual([null, null]);
  expect(own.scripts).toHaveLength(asked);
});

const to = (hostIp: string): Redirect => ({ service: 'p/s', hostIp, port: 5432, to: { host: '198.51.100.1', port: 5432 } });

test('what the kernel cannot carry is refused with the reason, and left out of the rules', async () => {
  const own = shell(done(HERE));
  const path = await open(own);
  expect(path.refuses(to('192.168.1.5'))).toBe('the kernel redirects connections to 127.0.0.1 only, not to 192.168.1.5');
  expect(path.refuses(to('::1'))).toBe('the kernel redirects connections to 127.0.0.1 only, not to ::1');
  expect(path.refuses(to('127.0.0.1'))).toBe("the container's address 198.51.100.1 is not on a bridge of this machine");
  expect(await path.set([to('127.0.0.1')])).toBeNull();
  expect(own.scripts.at(-1)).not.toContain('198.51.100.1');
});

test('a refusal of the kernel is a failure in its own words, and what follows is carried out nevertheless', async () => {
  const own = shell(done(HERE), failed('/dev/stdin:9:1-5: Error: Could not process rule: No such file\nadd rule …\n'), done());
  const path = await open(own);
  const [first, second] = await Promise.all([path.set([]), path.set([])]);
  expect(first).toMatchObject({
    code: 'kernel-path',
    message: 'the kernel did not take the rules: /dev/stdin:9:1-5: Error: Could not process rule: No such file',
  });
  expect(second).toBeNull();
});

test('one after another, in the order of the calls', async () => {
  let running = 0;
  let most = 0;
  const own: ScriptRunner = async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise(resolve => setImmediate(resolve));
    running -= 1;
    return done(HERE);
  };
  const path = await open(own);
  await Promise.all([path.set([]), path.set([]), path.set([]), path.close()]);
  expect(most).toBe(1);
});

test('nothing is known of a container without a process here', async () => {
  const path = await open(shell(done(HERE)));
  expect([path.use(to('127.0.0.1'), null), path.open(to('127.0.0.1'), null)]).toEqual([null, 0]);
});
