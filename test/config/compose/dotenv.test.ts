import { describe, expect, it } from 'vitest';
import { parseDotenv, parseRawEnv } from '../../../daemon/config/compose/interpolation/dotenv.js';

const OUTER: Readonly<Record<string, string>> = { OUTER: 'from outside', BOTH: 'outside wins' };

function read(text: string) {
  const { variables, mistake } = parseDotenv(text, name => OUTER[name]);
  return { variables: Object.fromEntries(variables), mistake };
}

describe('env files', () => {
  it.each<[title: string, text: string, expected: Record<string, string>]>([
    ['plain', 'A=1\nB=two words', { A: '1', B: 'two words' }],
    ['spaces around', '  A  =   1   ', { A: '1' }],
    ['yaml style', 'A: 1', { A: '1' }],
    ['export', 'export A=1', { A: '1' }],
    ['a name that begins with export', 'exported=1', { exported: '1' }],
    ['empty', 'A=\nB=""', { A: '', B: '' }],
    ['comments', '# one\n\n  # two\nA=1 # three\nB=a#b', { A: '1', B: 'a#b' }],
    ['comment after a quoted value', 'A="1" # c\nB=2', { A: '1', B: '2' }],
    ['value with =', 'A=b=c==', { A: 'b=c==' }],
    ['CRLF', 'A=1\r\nB=2\r\n', { A: '1', B: '2' }],
    ['byte order mark', '\uFEFFA=1', { A: '1' }],
    ['dots and dashes', 'a.b-c=1', { 'a.b-c': '1' }],
    ['several lines', 'A="one\ntwo"\nB=\'three\nfour\'', { A: 'one\ntwo', B: 'three\nfour' }],
    ['escapes in double quotes', 'A="a\\nb\\tc\\\\d\\"e\\0101"', { A: 'a\nb\tc\\d"eA' }],
    ['no escapes in single quotes', "A='a\\nb'", { A: 'a\\nb' }],
    ['escaped single quote', "A='it\\'s'", { A: "it's" }],
    ['no escapes without quotes', 'A=a\\nb', { A: 'a\\nb' }],
    ['variables', 'A=1\nB=$A-${A}-${OUTER}', { A: '1', B: '1-1-from outside' }],
    ['no variables in single quotes', "A='$OUTER'", { A: '$OUTER' }],
    ['defaults', 'A=${NOPE:-x}\nB="${NOPE:-${A}y}"', { A: 'x', B: 'xy' }],
    ['dollars', 'A=$$x\nB="\\$x"', { A: '$x', B: '$x' }],
    ['outside wins inside', 'BOTH=here\nA=$BOTH', { BOTH: 'here', A: 'outside wins' }],
    ['a bare name', 'OUTER\nNOPE\nA=1', { OUTER: 'from outside', A: '1' }],
    ['the last one wins', 'A=1\nA=2', { A: '2' }],
    ['__proto__', '__proto__=1', JSON.parse('{"__proto__": "1"}')],
  ])('%s', (_title, text, expected) => {
    expect(read(text)).toEqual({ variables: expected, mistake: null });
  });

  it.each([
    ['A B=1', 1, 1, 'the name "A B" has a space in it'],
    ['A=1\n  B%C=2', 2, 3, 'unexpected "%" in the name "B%C"'],
    ['A=1\n=2', 2, 1, 'a value without a name'],
    ['A=1\nSECRET="hunter2', 2, 1, 'the quotation mark of the value is not closed'],
    ['A=${B', 1, 1, 'is not closed'],
  ])('%j is refused', (text, line, column, message) => {
    const { mistake } = read(text);
    expect(mistake).toMatchObject({ line, column, message: expect.stringContaining(message) });
    expect(mistake?.message).not.toContain('hunter2');
  });

  it('ends when the values double line by line', () => {
    const lines = ['A0=0123456789', ...Array.from({ length: 40 }, (_, index) => `A${index + 1}=$A${index}$A${index}`)];
    expect(read(lines.join('\n')).mistake?.message).toMatch(/more than|longer than/);
  });

  it('takes raw files as they are', () => {
    const { variables } = parseRawEnv('# c\nA="1" # not a comment\nB=$C\n\nno value\n');
    expect(Object.fromEntries(variables)).toEqual({ A: '"1" # not a comment', B: '$C' });
  });
});
