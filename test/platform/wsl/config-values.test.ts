import { describe, expect, it } from 'vitest';
import { faultOf, identityOf, parseBoolean, parseInteger, parseSize } from '../../../daemon/platform/wsl/wslconfig/values.js';
import { GiB, KiB, MiB } from '../../../daemon/shared/bytes.js';

/** The first 15 rows are those of WSL's own test (StringUnitTests, ParseMemorySize_LegacyForms); the others follow from its code. */
const SIZES: readonly (readonly [text: string, bytes: number | null])[] = [
  ['0', 0],
  ['1', 1],
  [' 1', 1],
  ['1B', 1],
  ['1K', KiB],
  ['1KB', KiB],
  ['2M', 2 * MiB],
  ['100MB', 100 * MiB],
  ['9G', 9 * GiB],
  ['44GB', 44 * GiB],
  ['1TB', 1024 * GiB],
  ['2T', 2048 * GiB],
  ['1 B', null],
  ['', null],
  ['foo', null],
  ['8gb', null],
  ['8 GB', null],
  ['8GiB', null],
  ['8Gb', null],
  ['1.5GB', null],
  ['8,5GB', null],
  ['8GB ', null],
  ['8', 8],
  ['8589934592', 8 * GiB],
  ['0GB', 0],
  ['00', null],
  [' 0', null],
  ['-0', null],
  ['08GB', 8 * GiB],
  ['+8GB', 8 * GiB],
  ['0x8', null],
  ['-1', 2 ** 64],
  ['99999999999999999999', 2 ** 64],
  ['1P', null],
  ['BB', null],
  ['1BB', null],
  ['17179869184G', 0],
];

describe('a size', () => {
  it.each(SIZES)('%j is %j bytes', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });
});

describe('other values', () => {
  it.each([
    ['4', 4],
    ['-1', -1],
    ['+4', 4],
    [' 4', 4],
    ['0', 0],
    ['0x10', 16],
    ['010', 8],
    ['08', null],
    ['4.0', null],
    ['4 ', null],
    ['', null],
    ['four', null],
    ['9999999999', 2 ** 31 - 1],
  ])('the number %j is %j', (text, value) => {
    expect(parseInteger(text)).toBe(value);
  });
  it.each([
    ['true', true],
    ['TRUE', true],
    ['1', true],
    ['False', false],
    ['0', false],
    ['yes', null],
    ['on', null],
    ['', null],
  ])('the switch %j is %j', (text, value) => {
    expect(parseBoolean(text)).toBe(value);
  });
  it.each([
    ['WSL2.Memory', '8GB', null],
    ['wsl2.memory', '8gb', 'value'],
    ['wsl2.memroy', '8GB', 'unknown'],
    ['memory', '8GB', 'unknown'],
    ['wsl2.pageReporting', 'true', 'gone'],
    ['wsl2.virtio9p', 'true', 'gone'],
    ['experimental.autoMemoryReclaim', 'GRADUAL', null],
    ['experimental.autoMemoryReclaim', 'slow', 'value'],
    ['wsl2.kernel', 'anything', null],
  ])('%s=%s: %j', (name, value, kind) => {
    expect(faultOf(name, value)?.kind ?? null).toBe(kind);
  });
  it('keys that moved are one key with their old name', () => {
    expect(identityOf('Experimental.NetworkingMode')).toBe(identityOf('wsl2.networkingMode'));
    expect(identityOf('experimental.sparseVhd')).not.toBe(identityOf('wsl2.sparseVhd'));
  });
});
