import { expect, test } from 'vitest';
import { Waits } from '../../daemon/images/images.js';
import { builtImages, fullReference } from '../../daemon/model/image-builds.js';
import { containerSpec, serviceSpec } from '../scheduler/specs.js';
import { buildSpec } from './support/build-spec.js';

test('builds that wait for each other in a circle are told, by whichever comes last', async () => {
  const waits = new Waits();
  const never = () => new Promise<void>(() => undefined);
  void waits.during('a', 'b', never);
  void waits.during('b', 'c', never);
  await expect(waits.during('c', 'a', never)).rejects.toThrow('in a circle: c → a → b → c');
  await expect(waits.during('d', 'd', never)).rejects.toMatchObject({
    failure: { code: 'image-build-failed', details: { reference: 'd', circle: ['d', 'd'] } },
  });
  expect(await waits.during('e', 'a', async () => 'waited')).toBe('waited');
});

test('one name for one image', () => {
  expect(['x', 'x:latest', 'library/x', 'docker.io/library/x'].map(fullReference)).toEqual([
    'docker.io/library/x:latest',
    'docker.io/library/x:latest',
    'docker.io/library/x:latest',
    'docker.io/library/x:latest',
  ]);
  expect(fullReference('a/b:1')).toBe('docker.io/a/b:1');
  expect(fullReference('localhost:5000/b')).toBe('localhost:5000/b:latest');
});

test('of an image that two services build the first definition counts', () => {
  const service = (name: string, image: string, context: string | null) =>
    serviceSpec({ name, container: containerSpec({ image, build: context === null ? null : buildSpec(context) }) });
  const found = builtImages([service('a', 'x', null), service('b', 'x:latest', '/b'), service('c', 'x', '/c')]);
  expect(found).toEqual([{ reference: 'x:latest', build: buildSpec('/b'), platform: null }]);
});
