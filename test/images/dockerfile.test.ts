import { describe, expect, test } from 'vitest';
import { readDockerfile } from '../../daemon/images/dockerfile.js';

describe('bases', () => {
  const cases: readonly [string, Record<string, string>, string[]][] = [
    ['FROM debian', {}, ['debian']],
    ['from  --platform=linux/amd64 node:22 AS build\nFROM build\nCOPY . .', {}, ['node:22']],
    ['FROM a AS one\nFROM b AS Two\nFROM one\nFROM two\nFROM scratch', {}, ['a', 'b']],
    [`ARG BASE=debian:trixie-slim\nFROM \${BASE}`, {}, ['debian:trixie-slim']],
    [`ARG BASE=debian:trixie-slim\nFROM \${BASE}`, { BASE: 'mine' }, ['mine']],
    ['ARG V=1\nARG IMAGE="node:$V"\nFROM $IMAGE-slim', {}, ['node:1-slim']],
    [`ARG V\nFROM node:\${V:-20}`, {}, ['node:20']],
    [`ARG V=3\nFROM node\${V:+:$V}`, {}, ['node:$V']],
    ['# syntax=docker/dockerfile:1\nFROM \\\n  # why\n  debian \\\n  AS x', {}, ['debian']],
    ['# escape=`\nFROM debian `\n AS x\nFROM x', {}, ['debian']],
    [`FROM debian\nARG LATE=x\nFROM \${LATE}`, {}, ['debian']],
  ];
  test.each(cases)('%j', (text, args, bases) => {
    expect(readDockerfile(text, args).bases).toEqual(bases);
  });

  test('a file takes the base only through an argument before its first FROM', () => {
    expect(readDockerfile(`ARG BASE=debian\nFROM \${BASE}`, {}).takesBase).toBe(true);
    expect(readDockerfile('FROM debian\nARG BASE=x', {}).takesBase).toBe(false);
  });

  test('arguments are known wherever they are declared', () => {
    expect([...readDockerfile('ARG A=1 B\nFROM x\nARG NPM_CONFIG_REGISTRY', {}).args]).toEqual(['A', 'B', 'NPM_CONFIG_REGISTRY']);
  });
});

describe('BuildKit', () => {
  test.each([
    'RUN --mount=type=cache,target=/c x',
    'COPY --link a b',
    'COPY --from=x --chmod=755 a b',
    'RUN <<EOF\nx\nEOF',
    'COPY <<-"A" /b',
    'ADD --checksum=sha256:x a b',
  ])('is needed for %j', line => expect(readDockerfile(`FROM x\n${line}`, {}).buildkit).toBe(true));
  test.each(['RUN cat <<< word', 'RUN x --mount=y', 'COPY --from=x --chown=1 a b', 'RUN a << 2', 'ENV A="RUN --mount=x"'])(
    'is not for %j',
    line => expect(readDockerfile(`FROM x\n${line}`, {}).buildkit).toBe(false),
  );
});
