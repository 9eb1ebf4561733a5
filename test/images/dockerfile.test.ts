import { describe, expect, test } from 'vitest';
import { readDockerfile } from '../../daemon/images/build/dockerfile.js';

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
    ['FROM a\nCOPY <<EOF /view.sql\nCREATE VIEW adults AS\nSELECT name\nFROM people\nEOF', {}, ['a']],
    ['FROM a\nRUN <<EOF python\nfrom os import path\nEOF\nFROM b', {}, ['a', 'b']],
    ['FROM a\nRUN <<-"X"\n\tFROM no\n\tX\nFROM b', {}, ['a', 'b']],
    ['FROM a\nCOPY <<ONE <<TWO /d/\nFROM no\nONE\nFROM nor\nTWO\nFROM b', {}, ['a', 'b']],
    ['FROM a\nRUN cat <<X && echo \\\n more\nFROM no\nX\nFROM b', {}, ['a', 'b']],
    ['FROM a\nRUN echo "<<EOF"\nFROM b', {}, ['a', 'b']],
    ['FROM a\nCOPY --from=tools:1 /x /y\nCOPY --chown=1 --from="other" /x /y', {}, ['a', 'tools:1', 'other']],
    ['FROM a AS One\nFROM b\nCOPY --from=one /x /y\nCOPY --from=0 /x /y\nCOPY --from=ONE /x /y', {}, ['a', 'b']],
    ['FROM a\nRUN --mount=type=bind,from=tools:1,target=/t --mount=type=cache,target=/c x', {}, ['a', 'tools:1']],
    ['FROM a\nRUN --mount=from=late,target=/t x\nFROM b AS late', {}, ['a', 'b']],
    ['FROM a\nCOPY --from=7 /x /y\nCOPY --from=$W /x /y\nCOPY --from=scratch /x /y', {}, ['a', '7']],
    ['FROM a\nONBUILD COPY --from=no /x /y\nONBUILD RUN --mount=from=no x', {}, ['a']],
    ['\uFEFFFROM a\n# FROM no\nRUN x \\\n# FROM no\n\n FROM no', {}, ['a']],
    ['FROM later\nFROM b AS later', {}, ['later', 'b']],
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
    'RUN 3<<EOF x\ny\nEOF',
    'RUN --network=none x',
  ])('is needed for %j', line => expect(readDockerfile(`FROM x\n${line}`, {}).buildkit).toBe(true));
  test.each(['RUN cat <<< word', 'RUN x --mount=y', 'COPY --from=x --chown=1 a b', 'RUN a << 2', 'ENV A="RUN --mount=x"'])(
    'is not for %j',
    line => expect(readDockerfile(`FROM x\n${line}`, {}).buildkit).toBe(false),
  );
});
