import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  changesOf,
  PRESETS,
  type PresetInput,
  type PresetName,
  presetOf,
  presetRefusal,
  USUAL_MODEL,
} from '../../../daemon/platform/wsl/wslconfig/presets.js';
import { GiB, MiB } from '../../../daemon/shared/bytes.js';
import { rounds } from '../../support/deep.js';

const input = (host: number, cpus: number, parts: Partial<PresetInput> = {}): PresetInput => ({
  hostMemory: (host - 0.3) * GiB,
  cpus,
  standard: 2816 * MiB,
  maximum: 5632 * MiB,
  model: USUAL_MODEL,
  wslc: 0,
  ...parts,
});
const NAMES = Object.keys(PRESETS) as PresetName[];

describe('presets for all services of the built-in table', () => {
  it.each([
    [8, 4, 'minimal', 3, null, 2, false],
    [8, 4, 'balanced', 4, null, 2, false],
    [8, 4, 'llm', 3, 4, 2, false],
    [8, 4, 'build-heavy', 2, 8, 2, false],
    [16, 8, 'minimal', 5, null, 4, true],
    [16, 8, 'balanced', 8, null, 6, true],
    [16, 8, 'llm', 10, 4, 6, true],
    [16, 8, 'build-heavy', 10, 8, 6, true],
    [32, 16, 'minimal', 5, null, 8, true],
    [32, 16, 'balanced', 8, null, 14, true],
    [32, 16, 'llm', 10, 4, 14, true],
    [32, 16, 'build-heavy', 20, 8, 13, true],
    [64, 24, 'minimal', 5, null, 12, true],
    [64, 24, 'balanced', 8, null, 22, true],
    [64, 24, 'llm', 10, 4, 22, true],
    [64, 24, 'build-heavy', 40, 8, 22, true],
    [4, 1, 'minimal', 1, null, 1, false],
    [4, 1, 'llm', 1, 4, 1, false],
    [6, 2, 'build-heavy', 1, 8, 2, false],
  ] as const)(
    '%i GB and %i processors, %s: %i GB, swap %j, %i processors, fits: %j',
    (host, cpus, name, memory, swap, processors, fits) => {
      const preset = presetOf(name, input(host, cpus));
      expect([preset.memory / GiB, preset.swap && preset.swap / GiB, preset.processors, preset.fits]).toEqual([
        memory,
        swap,
        processors,
        fits,
      ]);
    },
  );

  it('take the size of the model', () => {
    expect(presetOf('llm', input(64, 8, { model: 40 * GiB })).memory).toBe(53 * GiB);
    expect(presetOf('llm', input(32, 8, { model: 40 * GiB })).memory).toBe(27 * GiB);
  });
  it('write the keys that they name, in words that WSL reads', () => {
    expect(changesOf(presetOf('llm', input(16, 8)))).toEqual([
      { name: 'wsl2.memory', value: '10GB' },
      { name: 'wsl2.swap', value: '4GB' },
      { name: 'wsl2.processors', value: '6' },
    ]);
    expect(changesOf(presetOf('minimal', input(16, 8))).map(({ name }) => name)).toEqual(['wsl2.memory', 'wsl2.processors']);
  });
  it('never exceed the host, and what does not fit is refused', () => {
    const any = fc.record({
      hostMemory: fc.integer({ min: 2 * 1024, max: 256 * 1024 }).map(mib => mib * MiB),
      cpus: fc.integer({ min: 1, max: 128 }),
      standard: fc.integer({ min: 6, max: 100 * 1024 }).map(mib => mib * MiB),
      maximum: fc.integer({ min: 6, max: 200 * 1024 }).map(mib => mib * MiB),
      model: fc.integer({ min: 1, max: 100 * 1024 }).map(mib => mib * MiB),
      wslc: fc.oneof(
        fc.constant(0),
        fc.integer({ min: 1, max: 100 }).map(gib => gib * GiB),
      ),
    });
    fc.assert(
      fc.property(any, fc.constantFrom(...NAMES), (given, name) => {
        const preset = presetOf(name, given);
        expect(preset.memory).toBeLessThan(given.hostMemory);
        expect(preset.memory).toBeGreaterThanOrEqual(GiB);
        const both = preset.memory + given.wslc + 4 * GiB;
        if (given.wslc > 0 && preset.memory > GiB) expect(both).toBeLessThanOrEqual(Math.round(given.hostMemory / GiB) * GiB);
        expect(preset.processors).toBeLessThanOrEqual(given.cpus);
        expect(preset.processors).toBeGreaterThanOrEqual(1);
        const refused = presetRefusal(preset, { name: 'p', ...given }, [], [], 0);
        expect(refused === null).toBe(preset.memory >= given.standard + 1.5 * GiB);
      }),
      { numRuns: rounds(2000) },
    );
  });
});

describe('a preset that is too small', () => {
  const host = input(16, 8, { standard: 6 * GiB, maximum: 12 * GiB });
  const all = NAMES.map(name => presetOf(name, host));
  const refuse = (others: readonly (readonly [string, number])[], presets = all) =>
    presetRefusal(
      presetOf('minimal', host),
      { name: 'full', standard: 6 * GiB, maximum: 12 * GiB },
      others.map(([name, gib]) => ({ name, standard: gib * GiB, maximum: gib * GiB })),
      presets,
      0,
    );
  it('names the largest profile that fits, and the smallest preset that would', () => {
    expect(refuse([['tiny', 1], ['typescript', 3], ['llm', 5]])).toMatchObject({
      code: 'preset-too-small',
      message:
        'minimal gives the VM 6 GB; the profile full needs 7.5 GB: 6 GB standard of its services and 1.5 GB for kernel, engine and editor.',
      details: { fits: 'typescript' },
      remedies: [
        'laptop-dev wsl apply minimal typescript: that profile needs 4.5 GB.',
        'laptop-dev wsl apply balanced full: that preset gives 8 GB.',
      ],
    }); // biome-ignore format: short
  });
  it('says so when nothing fits', () => {
    expect(refuse([['huge', 50]], [])?.remedies).toEqual([
      'No profile fits this host: lower memory.standard in full, or name fewer services in it.',
    ]);
  });
});
