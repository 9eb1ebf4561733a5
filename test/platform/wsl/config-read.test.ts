import { describe, expect, it } from 'vitest';
import { scan } from '../../../daemon/platform/wsl/wslconfig/lines.js';
import { readConfig } from '../../../daemon/platform/wsl/wslconfig/read.js';

const values = (text: string) => Object.fromEntries([...readConfig(text).effective].map(([name, { value }]) => [name, value]));
const diagnosed = (text: string) => readConfig(text).diagnostics.map(({ line, kind }) => `${line} ${kind}`);

describe('what WSL reads', () => {
  it.each([
    ['[wsl2]\nmemory=8GB\n', { 'wsl2.memory': '8GB' }],
    ['[wsl2]\r\nmemory=8GB\r\nprocessors=4', { 'wsl2.memory': '8GB', 'wsl2.processors': '4' }],
    ['[WSL2]\nMemory = 8GB  # half\n', { 'wsl2.memory': '8GB' }],
    ['  [wsl2]  # VM\n\tmemory\t=\t8GB\t\n', { 'wsl2.memory': '8GB' }],
    ['[wsl2]\nmemory=4GB\nmemory=8GB\n', { 'wsl2.memory': '4GB' }],
    ['[wsl2]\nmemory=4GB\n[experimental]\nsparseVhd=true\n[wsl2]\nmemory=8GB\nswap=0', { 'wsl2.memory': '4GB', 'experimental.sparsevhd': 'true', 'wsl2.swap': '0' }],
    ['memory=8GB\n[wsl2]\nswap=0', { memory: '8GB', 'wsl2.swap': '0' }],
    ['[wsl2]\nkernel="C:\\\\a # b"  # c\n', { 'wsl2.kernel': 'C:\\a # b' }],
    ['[wsl2]\nswapfile=C:\\temp\\new.vhdx\n', { 'wsl2.swapfile': 'C:\temp\new.vhdx' }],
    ['[wsl2]\nkernel=C:\\Users\\me\nmemory=8GB\n', { 'wsl2.memory': '8GB' }],
    ['[wsl2]\nkernelCommandLine=psi=1 \\\n  quiet\nmemory=8GB\n', { 'wsl2.kernelcommandline': 'psi=1   quiet', 'wsl2.memory': '8GB' }],
    ['[wsl2]\nkernel="open\nmemory=8GB\n', { 'wsl2.memory': '8GB' }],
    ['[wsl2]\nkernelCommandLine=" a "\n', { 'wsl2.kernelcommandline': ' a ' }],
    ['[wsl2]\nmemory=\n', { 'wsl2.memory': '' }],
    ['[wsl2]\n; memory=4GB\n// x\nmemory=8GB\n', { 'wsl2.memory': '8GB' }],
    ['[wsl2]\nmemory 4GB\nmem-ory=4GB\nmemory=8GB', { 'wsl2.memory': '8GB' }],
    ['[ wsl2]\nmemory=8GB\n', { memory: '8GB' }],
    ['[wsl2]\nmemory=8GB\u001a\nswap=0\n', { 'wsl2.memory': '8GB' }],
    ['[wsl2]\rmemory=8GB\rswap=0\r', { 'wsl2.memory': '8GB', 'wsl2.swap': '0' }],
    ['# a comment\rmemory=8GB\n[wsl2]\nswap=0', { 'wsl2.swap': '0' }],
    ['[wsl2]\nnetworkingMode=nat\n[experimental]\nnetworkingMode=mirrored\n', { 'wsl2.networkingmode': 'nat' }],
  ] as const)('%j', (text, expected) => {
    expect(values(text)).toEqual(expected);
  }); // biome-ignore format: a table

  it('a section name that is broken off changes the section of what follows, as in the C++', () => {
    expect(values('[wsl2]\n[experimental x\nmemory=8GB\n')).toEqual({ 'expe.memory': '8GB' });
    expect(values('[wsl2]\n[ab\nmemory=8GB\n')).toEqual({ ab: '8GB' });
    expect(values('[wsl2]\n[wsl2 x]\nmemory=8GB\n')).toEqual({ 'wsl2.memory': '8GB' });
    expect(values('[wsl2]\n[1]\nmemory=8GB\n')).toEqual({ 'wsl2.memory': '8GB' });
    expect(values('[wsl2\nmemory=8GB\n')).toEqual({ memory: '8GB' });
  });
});

describe('diagnostics', () => {
  it.each([
    ['[wsl2]\nmemory=8GB # fine\n', []],
    ['\n\n[wsl2]\r\n; no comment\r\nmemory=8gb\r\n', ['4 bad-line', '5 bad-value']],
    ['memory=8GB\n[wsl2]\n', ['1 no-section']],
    ['[wsl2]\nmemory=4GB\n\nMEMORY=8GB\n', ['4 duplicate']],
    ['[wsl2]\nmemroy=8GB\nsparseVhd=true\n', ['2 unknown-key', '3 unknown-key']],
    ['[wsl2]\npageReporting=false\n', ['2 gone-key']],
    ['[wsl2]\nmemory=8\n', ['2 tiny-memory']],
    ['[wsl2]\nmemory=0\n', []],
    ['[wsl2]\nkernel=C:\\Users\\me\n', ['2 bad-escape']],
    ['[wsl2]\nkernel=C:\\temp\n', ['2 odd-letter']],
    ['[wsl2]\nkernel=C:\\\\José\n', ['2 odd-letter']],
    ['[wsl2]\nkernel="C\n', ['2 open-quote']],
    ['[wsl2]\nkernelCommandLine=a \\\n b\nmemory=x\n', ['4 bad-value']],
    ['[wsl2] memory=8GB\n', ['1 bad-section']],
    ['[wsl2]\nmemory=8GB\n\u001amemory=9GB\n', ['3 after-end']],
    ['[experimental]\nnetworkingMode=mirrored\n[wsl2]\nnetworkingMode=nat\n', ['4 duplicate']],
  ] as const)('%j', (text, expected) => {
    expect(diagnosed(text)).toEqual(expected);
  }); // biome-ignore format: a table

  it('say what the line should be', () => {
    const fixes = (text: string) => readConfig(`[wsl2]\n${text}`).diagnostics.map(({ fix }) => fix);
    expect(fixes('memory=8 gb')).toEqual(['memory=8GB']);
    expect(fixes('memory=1.5GiB')).toEqual(['memory=1536MB']);
    expect(fixes('memory=8')).toEqual(['memory=8GB']);
    expect(fixes('memory=lots')).toEqual([null]);
    expect(fixes('memroy=8GB')).toEqual(['did you mean wsl2.memory?']);
    expect(fixes('autoMemoryReclaim=gradual')).toEqual(['did you mean experimental.autoMemoryReclaim?']);
    expect(fixes('processors=4\nprocessors=8')).toEqual(['change line 2 and remove this one']);
  });
});

it('long garbage takes no long', () => {
  const text = '[wsl2]\r\n'.concat('x=a\\q\r\n'.repeat(20_000));
  expect(scan(text).faults).toHaveLength(20_000);
});
