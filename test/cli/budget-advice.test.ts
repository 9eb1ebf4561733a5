import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { AdviceView } from '../../daemon/api/views.js';
import { budgetAdviceVerb } from '../../daemon/cli/commands/budget/advice.js';
import { renderAdvice } from '../../daemon/cli/render/advice.js';
import { PACKAGE, tree } from '../config/project/tree.js';
import { connected, fake, MB } from '../server/harness.js';
import { testCli } from './harness.js';

const MINUTE = 60_000;

function advice(service: string, over: Partial<AdviceView> = {}): AdviceView {
  const current = { standard: 256 * MB, maximum: 512 * MB };
  const standard = over.standard ?? 128 * MB;
  const basis = { samples: 1_240, days: 3.1, measured: 1_239 * MINUTE, needed: 60 * MINUTE, enough: true };
  return { project: 'shop', service, current, standard, maximum: 320 * MB, saves: current.standard - standard, ...basis, ...over };
}
const little = (service: string, measured: number) =>
  advice(service, { samples: measured / MINUTE, days: 0.1, measured, enough: false, standard: 16 * MB });

describe('the advice', () => {
  it('is a table of 80 columns with what it would save', () => {
    const lines = renderAdvice(
      [
        advice('api'),
        advice('cache', { standard: 272 * MB, maximum: 512 * MB, days: 0.4, samples: 400 }),
        little('db', 12 * MINUTE),
        advice('orchestrator-of-binary-processing', { standard: 256 * MB, maximum: 1.5 * 1024 * MB, days: 1.2 }),
        { ...little('web', 0), samples: 0 },
      ],
      80,
    );
    expect(lines).toEqual([
      'SERVICE                   STANDARD         MAXIMUM          FROM',
      'api                       256 MB → 128 MB  512 MB → 320 MB  1,240 points, 3 days',
      'cache                     256 MB → 272 MB  512 MB           400 points, 10 h',
      'db                        256 MB           512 MB           12 min of 1 h',
      'orchestrator-of-binary-…  256 MB           512 MB → 1.5 GB  1,240 points, 1 day',
      'web                       256 MB           512 MB           not measured yet',
      '',
      'Together they would reserve 656 MB instead of 768 MB: 112 MB saved.',
    ]);
    expect(Math.max(...lines.map(line => line.length))).toBeLessThanOrEqual(80);
  });

  it('says when it asks for more, for nothing else, and when there is too little', () => {
    expect(renderAdvice([advice('api', { standard: 320 * MB })], 80).at(-1)).toBe(
      'Together they would reserve 320 MB instead of 256 MB: 64 MB more, which they used.',
    );
    expect(renderAdvice([advice('api', { standard: 256 * MB })], 80).at(-1)).toBe('Together they reserve 256 MB, as recommended.');
    expect(renderAdvice([little('api', 90_000)], 80).at(-1)).toContain('Not enough has been measured yet');
    expect(renderAdvice([], 80)).toEqual(['There are no services.']);
  });
});

const COMPOSE = 'name: shop\nservices:\n  api: { image: "node:22" }\n  db: { image: "postgres:16" }\n  cache: { image: "redis:7" }\n';
const OWN = 'services:\n  api:\n    memory: { standard: 256MB, maximum: 512MB } # guessed\n  db:\n    start: eager\n';

async function at(root: string, profile: string, services: readonly AdviceView[]) {
  const { client, running } = await connected(
    fake({ advice: async () => services, projects: () => [{ name: 'shop', root, profile }] }), // biome-ignore format: short
  );
  return (options: object) => testCli(running.socket, options, { cwd: root, packageRoot: PACKAGE, client });
}

describe('budget advice', () => {
  it('shows, and says how to write it', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': OWN });
    const cli = await at(root, 'default', [advice('api')]);
    const people = cli({});
    expect(await budgetAdviceVerb.run(people.cli)).toBe(0);
    expect(people.out.text()).toMatch(/^SERVICE[\s\S]*saved\.\nlaptop-dev budget advice --write puts/);
    const json = cli({ json: true });
    await budgetAdviceVerb.run(json.cli);
    expect(JSON.parse(json.out.text())).toEqual({ ok: true, data: { services: [advice('api')] } });
    expect(readFileSync(join(root, 'laptop-dev.yaml'), 'utf8')).toBe(OWN);
  });

  it('--write shows the lines that changed and what was left', async () => {
    const root = tree({ 'compose.yaml': COMPOSE, 'laptop-dev.yaml': OWN });
    const cli = await at(root, 'default', [advice('api'), advice('db', { maximum: 512 * MB }), advice('cache'), little('web', MINUTE)]);
    const people = cli({ write: true });
    expect(await budgetAdviceVerb.run(people.cli)).toBe(0);
    expect(people.out.text().split('\n').slice(8)).toEqual([
      `${root}/laptop-dev.yaml`,
      '  3 - memory: { standard: 256MB, maximum: 512MB } # guessed',
      '  3 + memory: { standard: 128MB, maximum: 320MB } # guessed',
      '  6 + memory: { standard: 128MB }',
      '',
      'cache is unchanged: its figures come from elsewhere, and no profile file of this project names it.',
      'laptop-dev up applies it.',
      '',
    ]);
    const again = cli({ write: true, json: true });
    await budgetAdviceVerb.run(again.cli);
    expect(JSON.parse(again.out.text()).data.written).toEqual({
      changes: [],
      files: [],
      left: [expect.objectContaining({ service: 'cache' })],
    });
    const quiet = cli({ write: true, quiet: true });
    await budgetAdviceVerb.run(quiet.cli);
    expect(quiet.out.text() + quiet.err.text()).toBe('');
  });

  it('--write with a Compose file alone names init', async () => {
    const cli = await at(tree({ 'compose.yaml': COMPOSE }), 'default', [advice('api')]);
    await expect(budgetAdviceVerb.run(cli({ write: true }).cli)).rejects.toMatchObject({ failure: { code: 'config-missing' } });
  });
});
