import { afterAll, beforeAll, expect, test } from 'vitest';
import { BASE_REFERENCE } from '../../daemon/images/base/base-reference.js';
import { buildSpec } from '../images/support/build-spec.js';
import { folderWith } from '../images/support/folder.js';
import { miniRegistry, silentRegistry } from '../images/support/mini-registry.js';
import { ENGINE, openEngine } from './support/open-engine.js';
import { type ImagesUnderTest, openImages } from './support/open-images.js';
import { removeImage } from './support/tiny-image.js';

let images: ImagesUnderTest;
beforeAll(async () => {
  images = await openImages();
});
afterAll(() => images.remove());

test('an image is pulled when it is missing, and the next time it is here', async () => {
  const reference = `${await miniRegistry()}/thing:1`;
  try {
    expect(await images.ensure({ reference })).toContain(`pulling ${reference}`);
    expect(await images.ensure({ reference, pull: 'never' })).toEqual([]);
    expect(await images.ensure({ reference, pull: 'always' })).toContain(`pulling ${reference}`);
  } finally {
    await removeImage(ENGINE, reference);
  }
});

test('a name that its registry does not have is refused as such', async () => {
  const host = await miniRegistry();
  expect(await images.failing({ reference: `${host}/thing:2` })).toMatchObject({
    code: 'image-missing',
    details: { reason: 'refused', registry: host },
  });
});

test('a registry that says nothing is given up within seconds, and at once the next time', async () => {
  const host = await silentRegistry();
  const start = performance.now();
  const failed = await images.failing({ reference: `${host}/thing:1` });
  expect(failed).toMatchObject({ code: 'image-missing', details: { reason: 'no-registry', registry: host } });
  expect(failed.remedies.join(' ')).toContain('docker load');
  const waited = performance.now() - start;
  await images.failing({ reference: `${host}/other:1` });
  expect(performance.now() - start - waited).toBeLessThan(waited / 4);
});

test('a build upon such an image fails with the same words, not after the minutes of a builder', async () => {
  const host = await miniRegistry();
  const build = buildSpec(folderWith({ Dockerfile: `FROM ${host}/nothing:1` }));
  expect(await images.failing({ reference: 'ldt-stack/on-nothing', build })).toMatchObject({
    code: 'image-missing',
    details: { reference: `${host}/nothing:1` },
  });
});

test('pull never: the image has to be here', async () => {
  expect(await images.failing({ reference: 'ldt-stack/never:1', pull: 'never' })).toMatchObject({
    code: 'image-missing',
    details: { reason: 'never' },
  });
});

test('an engine that is not there is named so', async () => {
  const away = await openImages('unix:///nowhere/docker.sock');
  try {
    expect(await away.failing({ reference: 'x' })).toMatchObject({ code: 'engine-unavailable' });
  } finally {
    away.remove();
  }
});

test('the base image is made, by whatever way this machine allows, and knows where its packages are', async () => {
  await images.ensure({ reference: BASE_REFERENCE });
  const facts = await openEngine(ENGINE).getImage(BASE_REFERENCE).inspect();
  expect(facts.Config.Labels?.['laptop-dev.base-origin']).toMatch(/^(debootstrap|debian:trixie-slim)$/);
  expect(facts.Size).toBeLessThan(100 * 1024 * 1024);
  const reference = 'ldt-stack/on-base';
  try {
    const check = "RUN grep -rq '\\btrixie-security\\b' /etc/apt && stat -c %a /tmp | grep -x 1777";
    const build = buildSpec(folderWith({ Dockerfile: `ARG BASE=debian:trixie-slim\nFROM $BASE\n${check}` }));
    await images.ensure({ reference, build });
  } finally {
    await removeImage(ENGINE, reference);
  }
});
