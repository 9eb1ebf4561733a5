import { expect, test } from 'vitest';
import { isAnswered } from '../../daemon/redirects/prove.js';
import { freePort, serve } from '../activation/harness.js';

test('a server and a refusal answer', async () => {
  const server = await serve(() => undefined);
  expect(await isAnswered('127.0.0.1', server.target.port)).toBe(true);
  await server.close();
  expect(await isAnswered('127.0.0.1', await freePort())).toBe(true);
});

test('no way there is no answer', async () => {
  expect(await isAnswered('255.255.255.255', 1)).toBe(false); // TCP has no broadcast
});
