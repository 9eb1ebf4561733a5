import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseProfile, parseServiceBlock } from '../../../daemon/config/profiles/parse.js';
import { knownKeys, serviceKeys, serviceSchema } from '../../../daemon/config/profiles/schema.js';

const text = readFileSync(new URL('../../../docs/profiles.md', import.meta.url), 'utf8');
const examples = [...text.matchAll(/```yaml( compose)?\n([^`]*)```/g)].map(match => ({
  compose: match[1] !== undefined,
  yaml: match[2] ?? '',
}));

describe('docs/profiles.md', () => {
  it.each(examples.filter(example => !example.compose).map(example => example.yaml))('has a valid profile: %s', yaml => {
    expect(parseProfile(yaml, '/p/laptop-dev.yaml').problems).toEqual([]);
  });

  it('has a valid x-laptop-dev', () => {
    const blocks = examples.filter(example => example.compose).map(example => parse(example.yaml).services.web['x-laptop-dev']);
    expect(blocks).toHaveLength(1);
    for (const value of blocks) {
      expect(parseServiceBlock({ value, locations: new Map(), file: 'x', line: 1, column: 1 }, 'web').problems).toEqual([]);
    }
  });

  it('names every key of a profile, and every key and choice of a service', () => {
    for (const key of [...knownKeys([]), ...serviceKeys(['idle']), ...knownKeys(['schedule'])]) expect(text).toContain(`\`${key}\``);
    for (const key of Object.keys(serviceSchema.shape).filter(name => name !== 'memory')) expect(text).toContain(`\`${key}\``);
    const { start, protocol, runtime, path } = serviceSchema.shape;
    for (const choice of [start, protocol, runtime, path].flatMap(schema => schema.unwrap().options))
      expect(text).toContain(`\`${choice}\``);
  });
});
