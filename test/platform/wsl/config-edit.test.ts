import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyPatches, type ConfigChange, inverse, planEdit, withKernelArgument } from '../../../daemon/platform/wsl/wslconfig/edit.js';
import { decodeText } from '../../../daemon/platform/wsl/wslconfig/encoding.js';
import { readConfig } from '../../../daemon/platform/wsl/wslconfig/read.js';
import { identityOf } from '../../../daemon/platform/wsl/wslconfig/values.js';
import { rounds } from '../../support/deep.js';
import { bytesOf } from './file-bytes.js';

const MEMORY: ConfigChange = { name: 'wsl2.memory', value: '8GB' };
const edit = (text: string, ...changes: readonly ConfigChange[]) => applyPatches(text, planEdit(text, changes));

describe('an edit', () => {
  it.each([
    ['', '[wsl2]\r\nmemory=8GB\r\n'],
    ['[wsl2]', '[wsl2]\r\nmemory=8GB\r\n'],
    ['[wsl2]\n', '[wsl2]\nmemory=8GB\n'],
    ['[wsl2]\nmemory=4GB # mine\n', '[wsl2]\nmemory=8GB # mine\n'],
    ['[wsl2]\nmemory=  "4GB"  \n', '[wsl2]\nmemory=  8GB  \n'],
    ['[wsl2]\nmemory=\nswap=0', '[wsl2]\nmemory=8GB\nswap=0'],
    ['[wsl2]\nmemory=4GB\nmemory=6GB\n', '[wsl2]\nmemory=8GB\nmemory=6GB\n'],
    ['[wsl2]\nswap=0\n\n# next\n[experimental]\n', '[wsl2]\nswap=0\nmemory=8GB\n\n# next\n[experimental]\n'],
    ['[experimental]\r\nsparseVhd=true', '[experimental]\r\nsparseVhd=true\r\n\r\n[wsl2]\r\nmemory=8GB\r\n'],
    ['[experimental]\nsparseVhd=true\n\n', '[experimental]\nsparseVhd=true\n\n[wsl2]\nmemory=8GB\n'],
    ['memory=8GB\n', 'memory=8GB\n\n[wsl2]\nmemory=8GB\n'],
    ['[wsl2]\nmemory=4\\q # x\nswap=0\n', '[wsl2]\nmemory=8GB\nswap=0\n'],
    ['[wsl2]\nmemory=8GB\n', '[wsl2]\nmemory=8GB\n'],
    ['[wsl2]\nswap=0\u001arest', '[wsl2]\nswap=0\nmemory=8GB\n\u001arest'],
  ])('of %j gives %j', (before, after) => {
    expect(edit(before, MEMORY)).toBe(after);
  });

  it('writes values so that WSL reads them back', () => {
    const path = { name: 'wsl2.kernel', value: 'C:\\Users\\me "x" # y ' };
    expect(readConfig(edit('', path)).effective.get('wsl2.kernel')?.value).toBe(path.value);
  });
  it('merges an argument into the kernel command line', () => {
    expect(withKernelArgument('', 'psi=1')).toBe('psi=1');
    expect(withKernelArgument('quiet psi=0  foo=psi', 'psi=1')).toBe('quiet foo=psi psi=1');
  });
});

const newline = fc.constantFrom('\n', '\r\n', '\n', '\r\n', '\r', '');
const real = fc.constantFrom(
  '[wsl2]', '[WSL2] # vm', '[experimental]', '[general]', '  [wsl2]\t', '[wsl2', '[ wsl2]', '[boot]x', '[experimental x', '[w',
  'memory=4GB', 'Memory = 6GB # half', 'memory=8gb', 'memory=', 'memory', 'processors=4', 'PROCESSORS = 0x4', 'swap=0', 'swap="0"  ',
  'kernelCommandLine=psi=1 quiet', 'kernelCommandLine=a \\', 'swapfile=C:\\\\temp\\\\swap.vhdx', 'swapfile=C:\\temp', 'swapfile=C:\\Users',
  'kernel="C:\\\\a # b"', 'kernel="open', 'networkingMode=mirrored', 'autoMemoryReclaim=gradual', 'sparseVhd=true', 'instanceIdleTimeout=-1',
  '# a comment', '#', '; not one', '', '   ', '\t', '=', '//', 'memory=4GB\\', '\u001a', 'Ünïcode=ß', '\u0000', 'x=\\',
); // biome-ignore format: a list
const letters = fc.string({ unit: fc.constantFrom(...'[]=#;"\\wsl2memory 8GB\t\n\r\u001a'.split('')), maxLength: 12 });
const line = fc.oneof({ weight: 5, arbitrary: real }, { weight: 1, arbitrary: letters });
const file = fc.array(fc.tuple(line, newline), { maxLength: 14 }).map(lines => lines.map(([text, end]) => text + end).join(''));
const change = fc.constantFrom<ConfigChange>(
  MEMORY,
  { name: 'wsl2.processors', value: '6' },
  { name: 'wsl2.swap', value: '4GB' },
  { name: 'wsl2.kernelCommandLine', value: 'psi=1 foo="a b" # c' },
  { name: 'general.instanceIdleTimeout', value: '-1' },
);
const changes = fc.uniqueArray(change, { minLength: 1, maxLength: 4, selector: ({ name }) => name });
const RUNS = { numRuns: rounds(10_000) };

describe('for 10,000 files', () => {
  it('parse, edit and undo give the file back byte by byte, and nothing but what was asked changes', () => {
    fc.assert(
      fc.property(file, changes, (text, asked) => {
        const patches = planEdit(text, asked);
        const edited = applyPatches(text, patches);
        expect(applyPatches(edited, inverse(patches))).toBe(text);
        const [before, after] = [readConfig(text).effective, readConfig(edited).effective];
        const wanted = new Map([...before].map(([name, { value }]) => [name, value]));
        for (const { name, value } of asked) wanted.set(identityOf(name), value);
        expect(new Map([...after].map(([name, { value }]) => [name, value]))).toEqual(wanted);
        expect(planEdit(edited, asked)).toEqual([]);
      }),
      RUNS,
    );
  });

  it('bytes of any kind survive decoding and an edit that is taken back', () => {
    fc.assert(
      fc.property(bytesOf(file), changes, (raw, asked) => {
        const { text, encode } = decodeText(raw);
        expect(encode(text).equals(raw)).toBe(true);
        const patches = planEdit(text, asked);
        const edited = decodeText(encode(applyPatches(text, patches)));
        expect(edited.encode(applyPatches(edited.text, inverse(patches))).equals(raw)).toBe(true);
      }),
      RUNS,
    );
  });
});

it.each([
  ['plain', Buffer.from('[wsl2]'), 'utf-8', null],
  ['marked', Buffer.from('\ufeff[wsl2]'), 'utf-8 with BOM', false],
  ['UTF-16LE', Buffer.from('\ufeff[wsl2]', 'utf16le'), 'utf-16le', false],
  ['UTF-16LE without a mark', Buffer.from('[wsl2]', 'utf16le'), 'utf-8', true],
  ['UTF-16BE', Buffer.from([0xfe, 0xff, 0, 0x5b]), 'utf-8', true],
  ['ANSI', Buffer.from([0x23, 0xe9]), 'utf-8', false],
] as const)('%s bytes are recognised', (_, bytes, encoding, fatal) => {
  const decoded = decodeText(bytes);
  expect([decoded.encoding, decoded.fault?.fatal ?? null]).toEqual([encoding, fatal]);
  expect(decoded.encoding === 'utf-16le' ? decoded.text : '[').toContain('[');
});
