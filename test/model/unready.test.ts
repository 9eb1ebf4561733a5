import { expect, it } from 'vitest';
import { unready } from '../../daemon/model/unready.js';

const SHELL = ['/bin/sh', '-c', 'curl -fsS http://localhost:7000/'];

it.each([
  ['dash', SHELL, 127, '/bin/sh: 1: curl: not found\n', 'curl'],
  ['busybox', SHELL, 127, 'sh: curl: not found\n', 'curl'],
  ['bash', ['bash', '-c', 'x'], 127, 'bash: line 1: pg_isready: command not found\n', 'pg_isready'],
  ['no words', SHELL, 127, '', 'curl'],
  [
    'runc',
    ['curl', 'x'],
    126,
    'OCI runtime exec failed: exec failed: container_linux.go:380: starting container process caused: exec: "curl": executable file not found in $PATH: unknown\r\n',
    'curl',
  ],
  ['crun', ['wget'], 127, 'Error: crun: executable file `wget` not found in $PATH: No such file or directory', 'wget'],
  ['a path', ['/opt/check'], 126, 'exec: "/opt/check": stat /opt/check: no such file or directory: unknown', '/opt/check'],
])('names the program that is missing: %s', (_, command, exit, said, program) => {
  const { message, remedies, details } = unready('api', 6_000, { command, exit, said });
  expect(message).toBe(
    `api was not healthy within 6 s; its check cannot run: there is no ${program} in its container (exit ${exit}). It was stopped.`,
  );
  expect(remedies[0]).toContain(`Install ${program} in the image`);
  expect(remedies.join()).not.toContain('logs');
  expect(details).toMatchObject({ missing: program, checkExit: exit });
});

it('shows what a check says that fails otherwise, without what steers a terminal, and at most its last lines', () => {
  const said = `${'x\n'.repeat(50)}\u001b[31mcurl: (7) Failed to connect\u001b[0m\r\nlast`;
  const { message, details, remedies } = unready('api', 60_000, { command: SHELL, exit: 7, said });
  expect(message).toBe('api was not healthy within 60 s; its check exits with 7. It was stopped.');
  expect(details['lastLines']).toEqual(['x', 'x', 'x', 'curl: (7) Failed to connect', 'last']);
  expect(remedies.at(-1)).toBe('laptop-dev logs api shows what it wrote; raise start_timeout if it only needs longer');
});

it('says nothing of a check where there was none, or that it takes too long', () => {
  expect(unready('api', 1_000, null).message).toBe('api was not healthy within 1 s. It was stopped.');
  expect(unready('api', 1_000, { command: SHELL, exit: 124, said: '' }).message).toContain('its check does not end in time');
  expect(unready('api', 1_000, { command: ['true'], exit: 126, said: 'no\n' }).message).toContain('its check exits with 126');
});
