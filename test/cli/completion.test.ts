import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { completionScript, SHELLS } from '../../daemon/cli/commands/program/completion.js';
import { loadVerbs } from '../../daemon/cli/verb.js';
import { VERBS } from '../../daemon/cli/verbs.js';
import { runOn } from '../platform/wsl/run-cli.js';
import { simulate } from '../platform/wsl/simulated.js';

const verbs = await loadVerbs(VERBS);

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ld-completion-'));
  const names =
    '#!/bin/sh\n[ "$1" = __complete ] && [ "$2" = services ] && echo api && echo postgres\n[ "$2" = profiles-and-services ] && echo minimal && echo api\n[ "$2" = presets-and-profiles ] && echo balanced && echo full\ntrue\n';
  writeFileSync(join(folder, 'laptop-dev'), names, { mode: 0o755 });
  writeFileSync(join(folder, 'completion.bash'), completionScript('bash', verbs));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** What bash offers after each of these lines, whose last word is being typed: one bash, for most of the time is its start. */
function offered(lines: readonly string[]): string[][] {
  const asked = lines.map(line => {
    const words = line.split(' ');
    return `COMPREPLY=(); COMP_WORDS=(${words.map(word => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _laptop_dev; printf '%s\\n' "\${COMPREPLY[@]}"; echo ---`;
  });
  const script = [`PATH="${folder}:$PATH"; source "${folder}/completion.bash"`, ...asked].join('\n');
  const answers = execFileSync('bash', ['-euc', script], { encoding: 'utf8', cwd: folder }).split('---\n');
  return answers.slice(0, -1).map(answer => answer.split('\n').filter(word => word !== ''));
}

const OFFERS: readonly (readonly [line: string, words: readonly string[]])[] = [
  ['laptop-dev bud', ['budget']],
  ['laptop-dev daemon st', ['start', 'stop', 'status']],
  ['laptop-dev stop p', ['postgres']],
  ['laptop-dev up m', ['minimal']],
  ['laptop-dev logs --s', ['--since']],
  ['laptop-dev logs -f p', ['postgres']],
  ['laptop-dev daemon logs -f --t', ['--tail']],
  ['laptop-dev ps -f completion.b', ['completion.bash']],
  ['laptop-dev -p x exec a', ['api']],
  ['laptop-dev -f a.yaml up --wait-timeout 5 m', ['minimal']],
  ['laptop-dev up --engine p', ['podman']],
  ['laptop-dev wsl apply b', ['balanced']],
  ['laptop-dev wsl apply balanced f', ['full']],
  ['laptop-dev completion z', ['zsh']],
  ['laptop-dev completion ', [...SHELLS]],
  ['laptop-dev budget ad', ['advice']],
  ['laptop-dev budget advice --w', ['--write']],
  ['laptop-dev llm ', ['models', 'estimate', '--help']],
  ['laptop-dev llm models m', ['make-tiny']],
  ['laptop-dev llm models add --sh', ['--sha256']],
  ['laptop-dev llm models add --name x --rep', ['--replace']],
  ['laptop-dev config ', ['validate', 'show', '--help']],
];

describe('completion', () => {
  it('offers what fits after what is typed', () => {
    const lines = OFFERS.map(([line]) => line);
    expect(offered(lines).map((words, at) => [lines[at], words])).toEqual(OFFERS);
  });

  it('offers every verb, and none that is hidden', () => {
    const [words = []] = offered(['laptop-dev ']);
    expect(words).toEqual([...verbs.filter(verb => !verb.hidden).map(verb => verb.name), 'help']);
    expect(words.join(' ')).not.toContain('__');
  });

  it.each([
    ['presets-and-profiles', ['minimal', 'balanced', 'llm', 'build-heavy', 'full', 'small']],
    ['profiles-and-services', ['full', 'small', 'api', 'llm']],
    ['services', []],
  ])('asks for %s', async (kind, names) => {
    const host = simulate();
    const { out } = await runOn(host, `__complete ${kind}`);
    host.remove();
    expect(out.split('\n').filter(Boolean)).toEqual(names);
  });

  it.each([
    ['PowerShell', 'powershell'],
    ['pwsh', 'powershell'],
    ['BASH', 'bash'],
  ] as const)('takes %s for %s', async (word, shell) => {
    const host = simulate();
    const { code, out } = await runOn(host, `completion ${word}`);
    host.remove();
    expect([code, out]).toEqual([0, completionScript(shell, verbs)]);
  });

  it('says which shells there are, as help and docs do', async () => {
    const host = simulate();
    const [{ code, err }, help] = [await runOn(host, 'completion tcsh'), await runOn(host, 'completion --help')];
    host.remove();
    expect([code, err]).toEqual([2, expect.stringContaining(`There is completion for ${SHELLS.join(', ')}, not for tcsh.`)]);
    const docs = readFileSync(new URL('../../docs/cli.md', import.meta.url), 'utf8');
    expect(docs).toContain(`\`laptop-dev completion ${SHELLS.join('|')}\``);
    for (const shell of SHELLS) expect(help.out).toContain(shell);
  });

  it.each(SHELLS)('names every verb and option for %s', shell => {
    const script = completionScript(shell, verbs);
    for (const verb of verbs.filter(({ hidden }) => !hidden)) expect(script).toContain(verb.name);
    expect(script).toContain('wait-timeout');
    expect((script.match(/(?<!\\)'/g) ?? []).length % 2).toBe(0);
  });
});
