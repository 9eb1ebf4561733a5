import { blockLocation, type YamlLocation } from '../../profiles/locations.js';
import type { ServiceSettings } from '../../profiles/schema.js';
import type { ServiceInput } from './service.js';

/** The origin of a setting: its location, and the key's whole path for messages. */
export interface SettingOrigin extends YamlLocation {
  readonly key: string;
}

/** Finds where a key of a service (`start`, `idle.freezeAfter`) was written: in the profile, which wins, else in `x-laptop-dev`; null: nowhere. */
export function originOf(
  { compose, profile, profileLocation }: ServiceInput,
  extension: ServiceSettings,
): (key: string) => SettingOrigin | null {
  const has = (settings: ServiceSettings, key: string) => Object.hasOwn(settings, key.split('.')[0] ?? '');
  return key => {
    const path = `services.${compose.name}`;
    if (has(profile, key)) return { ...profileLocation(key), key: `${path}.${key}` };
    if (compose.extension === null || !has(extension, key)) return null;
    return { ...blockLocation(compose.extension, key), key: `${path}.x-laptop-dev.${key}` };
  };
}
