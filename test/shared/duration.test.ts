import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../daemon/shared/duration.js';

describe('of profiles', () => {
  it.each([
    ['90s', 90_000],
    ['10m', 600_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    ['0s', 0],
    ['', null],
    ['10', null],
    ['m10', null],
    ['10m1h', null],
    ['1.5h', null],
    ['-1s', null],
    ['10 m', null],
  ])('%j is %j', (text, ms) => expect(parseDuration(text, 'profile')).toBe(ms));
});

describe('of Compose files', () => {
  it.each([
    ['0', 0],
    ['1.5h', 5_400_000],
    ['1h5m30s20ms', 3_930_020],
    ['30m1h', 5_400_000],
    ['1d', 86_400_000],
    ['2w', 1_209_600_000],
    ['250us', 0.25],
    ['10', null],
    ['10 seconds', null],
    ['99999999999999999w', null],
  ])('%j is %j', (text, ms) => expect(parseDuration(text, 'compose')).toBe(ms));
});

describe('of the command line', () => {
  it.each([
    ['90', 90_000],
    ['1.5', 1_500],
    ['1h30m', 5_400_000],
    ['1d', 86_400_000],
    ['1w', null],
    ['1h x', null],
  ])('%j is %j', (text, ms) => expect(parseDuration(text, 'option')).toBe(ms));
});

describe('formatDuration', () => {
  it.each(['0s', '500ms', '1500ms', '90s', '10m', '90m', '2h'])('%s is read back', text =>
    expect(formatDuration(parseDuration(text, 'profile') ?? 0)).toBe(text),
  );
});
