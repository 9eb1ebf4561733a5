import type { DeviceRequest } from '../../../model/spec.js';
import { type Cursor, quote } from '../tree/cursor.js';
import { textsByKey } from './key-values.js';

/** The device requests of `gpus` and `deploy.resources.reservations.devices`, for a driver of the engine; undefined without one. */
export function deviceRequestsOf(service: Cursor): readonly DeviceRequest[] | undefined {
  const gpus = service.get('gpus');
  const reserved = service.get('deploy')?.get('resources')?.get('reservations')?.get('devices') ?? null;
  const requests = [
    ...(gpus?.text() === 'all' ? [{ driver: null, count: -1, ids: [], capabilities: ['gpu'], options: {} }] : []),
    ...(gpus?.isList ? gpus.items().map(item => request(item, ['gpu'])) : []),
    ...(reserved?.items() ?? []).map(item => request(item, [])),
  ];
  return requests.length === 0 ? undefined : requests;
}

/** `count` and `device_ids` exclude each other; neither means all, as in Compose. */
function request(item: Cursor, more: readonly string[]): DeviceRequest {
  const ids = item.get('device_ids')?.texts() ?? [];
  const count = item.get('count');
  if (count !== null && ids.length > 0) count.error('excludes device_ids', { expected: 'one of the two' });
  return {
    driver: item.get('driver')?.text() || null,
    count: ids.length > 0 ? 0 : count === null || count.text() === 'all' ? -1 : (count.integer(-1) ?? -1),
    ids,
    capabilities: [...new Set([...(item.get('capabilities')?.texts() ?? []), ...more])],
    options: textsByKey(item.get('options')),
  };
}

/** devices as SOURCE:TARGET:PERMISSIONS. */
export function devicesOf(cursor: Cursor | null): string[] {
  return (cursor?.items() ?? []).flatMap(item => {
    if (item.isMap) {
      const source = item.get('source')?.text() ?? '';
      return [`${source}:${item.get('target')?.text() ?? source}:${item.get('permissions')?.text() ?? 'rwm'}`];
    }
    const [source = '', target = source, permissions = 'rwm'] = item.text()?.split(':') ?? [];
    if (source.startsWith('/')) return [`${source}:${target}:${permissions}`];
    item.warn(`${quote(item.text() ?? '')} is not a device file; only those are supported`);
    return [];
  });
}
