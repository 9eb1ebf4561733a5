import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { terminalLine } from '../../daemon/cli/commands/services/logs.js';
import { renderServices } from '../../daemon/cli/render/ps.js';
import { renderFailure } from '../../daemon/cli/run.js';
import { Trust } from '../../daemon/runtime/trust.js';
import { failure } from '../../daemon/shared/failure.js';
import { coloursOf } from '../../daemon/ui/shared/colours.js';
import { own, printable } from '../../daemon/ui/shared/own.js';
import { containerSpec, projectSpec, serviceSpec } from '../scheduler/specs.js';
import { view } from '../server/harness.js';
import { capture } from './harness.js';

const ESC = '\u001b';
const COLOURS = coloursOf(true);
const SGR = new RegExp(`${ESC}\\[[\\d;]*m`, 'g');
/** One of each kind that steers a terminal or misleads its reader. */
const PLANTS = [`${ESC}[2J`, `${ESC}[1A${ESC}[2K`, `${ESC}]0;title\u0007`, `${ESC}]52;c;eA==${ESC}\\`, `${ESC}[?1049h`, `${ESC}P1;2q${ESC}\\`, `${ESC}_x${ESC}\\`, `${ESC}^x${ESC}\\`, `${ESC}Xx${ESC}\\`, `${ESC}c`, '\u009b2J', '\u009d0;t\u009c', '\u0090x\u009c', '\r', '\b', '\u007f', '\u0007', '\u202e', '\u2066', '\u200b', '\u2060', '\ufeff', '\u{e0041}', '\u2028', '\ufdd0x\ufdd1']; // biome-ignore format: a list
/** What is not to come out: all control characters but line feed and tab, directions, what takes no room. */
const STEERS = /[^\P{Cc}\n\t]|[\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufdd0-\ufdef]|[\u{e0000}-\u{e0fff}]/u;

describe('the gate', () => {
  it.each(PLANTS)('lets %j of foreign text through nowhere, and shows it', plant => {
    const text = printable(`before ${plant}after`);
    expect(text).not.toMatch(STEERS);
    expect(text).toMatch(/^before .+after$/);
    for (const [line] of [[terminalLine(`a${plant}b`)], [COLOURS.red(`a${plant}b`)]])
      expect(printable(line ?? '').replaceAll(SGR, '')).not.toMatch(STEERS);
  });

  it('lets our own sequences through, and none that is forged', () => {
    expect(printable(COLOURS.red('x'))).toBe(`${ESC}[31mx${ESC}[39m`);
    expect(printable(COLOURS.bold(`a ${COLOURS.red('b')} c`))).toBe(`${ESC}[1ma ${ESC}[31mb${ESC}[39m c${ESC}[22m`);
    expect(printable(COLOURS.red(`${ESC}[32mgreen${ESC}[8m`))).toBe(`${ESC}[31mgreen${ESC}[39m`);
    const mark = own(`${ESC}[2J`);
    expect(printable(mark.replace(new RegExp(`.{3}(?=${ESC})`), 'abc'))).not.toContain(ESC);
  });

  it('leaves JSON that means what it meant', () => {
    const value = { text: PLANTS.join(' ') };
    const out = capture();
    out.write(`${JSON.stringify(value)}\n`);
    expect(out.text()).not.toMatch(STEERS);
    expect(JSON.parse(out.text())).toEqual(value);
  });

  it('passes bytes as they are where they are asked for: exec, and logs into a file', () => {
    const out = capture();
    out.pass(Buffer.from(`${ESC}[2Jx`));
    expect(out.text()).toBe(`${ESC}[2Jx`);
  });

  it('keeps colours of logs on a terminal, but for what hides, and ends them with the line', () => {
    expect(printable(terminalLine(`${ESC}[1;31mred${ESC}[8;32mx${ESC}[5mb`))).toBe(`${ESC}[1;31mred${ESC}[32mxb${ESC}[0m`);
    expect(printable(terminalLine(`${ESC}[38;5;8mgrey`))).toBe(`${ESC}[38;5;8mgrey${ESC}[0m`);
    expect(printable(terminalLine('rm -rf x\recho hi\ttab'))).toBe('rm -rf x␍echo hi\ttab');
  });
});

describe('foreign text with line feeds', () => {
  it('is one cell of a table', () => {
    const lines = renderServices([view('api', { why: 'failed:\nline two\r\nline three' })], {
      projects: false,
      width: Number.POSITIVE_INFINITY,
      colours: COLOURS,
    });
    expect(lines).toHaveLength(2);
    expect(lines[1]).toContain('failed:⏎line two⏎line three');
  });

  it('is one point of the question for trust, which nothing of it can wipe or add to', () => {
    const target = `/x${ESC}[1A${ESC}[2K\n  nothing else\n✓ Project b73 asks for nothing`;
    const mounts = [{ kind: 'bind' as const, source: '/', target, readOnly: false, createSource: false, propagation: null }];
    const asked = new Trust([]).check(projectSpec({ services: [serviceSpec({ container: containerSpec({ mounts }) })] }), false);
    const text = printable(renderFailure(asked ?? failure('usage', ''), { width: 500, colours: COLOURS }).join('\n'));
    expect(text.replaceAll(SGR, '')).not.toMatch(STEERS);
    expect(text.split('\n')).toHaveLength(4);
    expect(text).toContain('⏎✓ Project b73');
  });

  it('is bounded', () => {
    const [line = ''] = renderServices([view('api', { why: 'x'.repeat(1e6) })], {
      projects: false,
      width: Number.POSITIVE_INFINITY,
      colours: COLOURS,
    }).slice(1);
    expect(line.length).toBeLessThan(3_000);
    expect(line).toContain('more characters');
  });
});

it('is all that writes to the streams of the process, in cli and dashboard', () => {
  const folder = join(import.meta.dirname, '../../daemon');
  const sources = ['cli', 'ui/terminal'].flatMap(room =>
    readdirSync(join(folder, room), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts'))
      .map(file => join(room, file)),
  );
  const writes =
    /process\.std(?:out|err)\s*\.\s*write|console\.\w+\(|\bstd(?:out|err)\.write\(|writeSync\(\s*[12]\b|fs\.write|output:\s*process\.std/;
  const found = sources.filter(file => writes.test(readFileSync(join(folder, file), 'utf8')));
  // Runs before anything can be imported, and says nothing of anybody else.
  expect(found).toEqual(['cli/bin.ts']);
  const sequences = sources.filter(file =>
    /\\u001b\[|\\x1b\[/.test(readFileSync(join(folder, file), 'utf8').replaceAll(/own\([^\n]*\)/g, '')),
  );
  expect(sequences.filter(file => !/ui\/terminal\/(terminal|text)\//.test(file))).toEqual([]);
});
