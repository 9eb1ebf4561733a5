import { expect, test } from 'vitest';
import { isRedirectAnswered } from '../../daemon/redirects/rule-setter.js';
import { freePort, serve } from '../activation/harness.js';

test('a server and a refusal answer', async () => {
  const server = await serve(() => undefined);
  expect(await isRedirectAnswered('127.0.0.1', server.target.port)).toBe(true);
  await server.close();
  expect(await isRedirectAnswered('127.0.0.1', await freePort())).toBe(true);
});

test('no way there is no answer', async () => {
  expect(await isRedirectAnswered('255.255.255.255', 1)).toBe(false); // TCP has no broadcast
});
