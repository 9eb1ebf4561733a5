import { describe, expect, it } from 'vitest';
import { interpolate } from '../../../daemon/config/compose/interpolation/interpolate.js';

const VARIABLES: Readonly<Record<string, string>> = { SET: 'set', EMPTY: '', NUMBER: '8080', lower: 'low', _X1: 'x1' };

function result(template: string, unset: string[] = []): string {
  return interpolate(template, { lookup: name => VARIABLES[name], onUnset: name => unset.push(name), maxLength: 1000 });
}

describe('interpolation', () => {
  it.each([
    ['nothing here', 'nothing here'],
    ['$SET', 'set'],
    ['${SET}', 'set'],
    ['a${SET}b$SET-c', 'asetbset-c'],
    ['$lower/$_X1', 'low/x1'],
    ['$$SET', '$SET'],
    ['$$$SET', '$set'],
    ['$${SET}', '${SET}'],
    ['5$', '5$'],
    ['$1 and $ and $-', '$1 and $ and $-'],
    ['${UNSET:-default}', 'default'],
    ['${EMPTY:-default}', 'default'],
    ['${SET:-default}', 'set'],
    ['${UNSET-default}', 'default'],
    ['${EMPTY-default}', ''],
    ['${SET:+other}', 'other'],
    ['${EMPTY:+other}', ''],
    ['${UNSET:+other}', ''],
    ['${EMPTY+other}', 'other'],
    ['${UNSET+other}', ''],
    ['${SET:?message}', 'set'],
    ['${EMPTY?message}', ''],
    ['${UNSET:-}', ''],
    ['${UNSET:-${SET}}', 'set'],
    ['${UNSET:-${EMPTY:-${UNSET:-deep}}}', 'deep'],
    ['${UNSET:-a${SET}b}c', 'asetbc'],
    ['${SET:+<${NUMBER}>}', '<8080>'],
    ['${UNSET:-http://host:${NUMBER}/?a=b}', 'http://host:8080/?a=b'],
    ['${UNSET:--1}', '-1'],
    ['${UNSET-:x}', ':x'],
    ['${UNSET:-$$x}', '$x'],
    ['${UNSET:-{"a": {"b": 1}}}', '{"a": {"b": 1}}'],
    ['${UNSET:-two\nlines}', 'two\nlines'],
  ])('%s', (template, expected) => {
    expect(result(template)).toBe(expected);
  });

  it.each([
    ['${UNSET:?say TAG}', 'the variable UNSET is required and not set: say TAG'],
    ['${EMPTY:?}', 'the variable EMPTY is required and empty'],
    ['${UNSET?because of ${SET}}', 'the variable UNSET is required and not set: because of set'],
    ['${SET', 'the brace of "${SET" is not closed'],
    ['${}', '"${}" is not a variable'],
    ['${SET!x}', '"${SET!x}" is not a variable'],
    ['${1A}', '"${1A}" is not a variable'],
  ])('%s is refused', (template, message) => {
    expect(() => result(template)).toThrow(message);
  });

  it('tells which variables are not set, but not those with a default', () => {
    const unset: string[] = [];
    expect(result('$A ${B} ${C:-c} ${SET} ${D:-$E}', unset)).toBe('  c set ');
    expect(unset).toEqual(['A', 'B', 'E']);
  });

  it('ends when the result grows too long', () => {
    expect(() => interpolate('$A'.repeat(20), { lookup: () => 'x'.repeat(100), maxLength: 1000 })).toThrow('longer than 1000 characters');
  });

  it('ends when the variables are nested too deeply', () => {
    expect(() => result(`${'${U:-'.repeat(100)}x${'}'.repeat(100)}`)).toThrow('nested more than 32 levels deep');
  });
});
