/** The type of a key of `.wslconfig`. `text`: taken as it is. */
type Kind = 'size' | 'integer' | 'boolean' | 'text' | { readonly oneOf: readonly string[] };

const BOOLEAN: Kind = 'boolean';
const INTEGER: Kind = 'integer';
const NETWORKING: Kind = { oneOf: ['none', 'nat', 'bridged', 'mirrored', 'consomme', 'virtioproxy'] };

/** The keys that WSL knows, as section.key (WslCoreConfig.cpp, master of 2026-08-08); names are compared without regard to case. */
const KEYS: Readonly<Record<string, Kind>> = {
  'wsl2.kernel': 'text',
  'wsl2.kernelCommandLine': 'text',
  'wsl2.kernelModules': 'text',
  'wsl2.memory': 'size',
  'wsl2.processors': INTEGER,
  'wsl2.debugConsole': BOOLEAN,
  'wsl2.earlyBootLogging': BOOLEAN,
  'wsl2.swap': 'size',
  'wsl2.swapFile': 'text',
  'wsl2.localhostForwarding': BOOLEAN,
  'wsl2.nestedVirtualization': BOOLEAN,
  'wsl2.virtiofs': BOOLEAN,
  'wsl2.kernelDebugPort': INTEGER,
  'wsl2.gpuSupport': BOOLEAN,
  'wsl2.guiApplications': BOOLEAN,
  'wsl2.systemDistro': 'text',
  'wsl2.telemetry': BOOLEAN,
  'wsl2.vmIdleTimeout': INTEGER,
  'wsl2.debugConsoleLogFile': 'text',
  'wsl2.kernelBootTimeout': INTEGER,
  'wsl2.distributionStartTimeout': INTEGER,
  'wsl2.virtio': BOOLEAN,
  'wsl2.hostFileSystemAccess': BOOLEAN,
  'wsl2.mountDeviceTimeout': INTEGER,
  'wsl2.hardwarePerformanceCounters': BOOLEAN,
  'wsl2.networkingMode': NETWORKING,
  'wsl2.vmSwitch': 'text',
  'wsl2.macAddress': 'text',
  'wsl2.dhcp': BOOLEAN,
  'wsl2.dhcpTimeout': INTEGER,
  'wsl2.ipv6': BOOLEAN,
  'wsl2.dnsProxy': BOOLEAN,
  'wsl2.safeMode': BOOLEAN,
  'wsl2.defaultVhdSize': 'size',
  'wsl2.crashDumpFolder': 'text',
  'wsl2.maxCrashDumpCount': INTEGER,
  'wsl2.dnsTunneling': BOOLEAN,
  'wsl2.firewall': BOOLEAN,
  'wsl2.autoProxy': BOOLEAN,
  'wsl2.loadKernelModules': 'text',
  'wsl2.loadDefaultKernelModules': BOOLEAN,
  'wsl2.isolateDistroCgroup': BOOLEAN,
  'general.distributionInstallPath': 'text',
  'general.instanceIdleTimeout': INTEGER,
  'experimental.networkingMode': NETWORKING,
  'experimental.dnsTunneling': BOOLEAN,
  'experimental.firewall': BOOLEAN,
  'experimental.autoProxy': BOOLEAN,
  'experimental.autoMemoryReclaim': { oneOf: ['disabled', 'gradual', 'dropcache'] },
  'experimental.sparseVhd': BOOLEAN,
  'experimental.bestEffortDnsParsing': BOOLEAN,
  'experimental.dnsTunnelingIpAddress': 'text',
  'experimental.initialAutoProxyTimeout': INTEGER,
  'experimental.ignoredPorts': 'text',
  'experimental.hostAddressLoopback': BOOLEAN,
  'experimental.setVersionDebug': BOOLEAN,
  'experimental.swiotlb': 'size',
  'experimental.virtioFsAggregateShares': BOOLEAN,
};

/** Keys that were once read and do nothing any more, with what holds instead. */
const GONE: Readonly<Record<string, string>> = {
  'wsl2.pagereporting': 'free pages are always reported to Windows now',
  'wsl2.idlethreshold': 'experimental.autoMemoryReclaim decides when the cache is dropped',
  'wsl2.virtio9p': "Windows' drives are mounted over 9p, or over virtiofs with wsl2.virtiofs=true",
};

/** Keys that came after 2.9.4, with the first version that has them; older ones warn of an unknown key (docs/design/wsl.md, ".wslconfig"). */
const SINCE: Readonly<Record<string, readonly number[]>> = {
  'wsl2.isolatedistrocgroup': [2, 9, 8],
  'experimental.virtiofsaggregateshares': [2, 9, 8],
};

/** Keys that moved: both names are one key to WSL, and of both together the first wins. */
const MOVED = ['networkingmode', 'dnstunneling', 'firewall', 'autoproxy'];

const CANONICAL: ReadonlyMap<string, string> = new Map(Object.keys(KEYS).map(name => [name.toLowerCase(), name]));

/** The name under which a key counts: without case, and `experimental.` taken off keys that have moved to `wsl2.`. */
export function identityOf(name: string): string {
  const lower = name.toLowerCase();
  const [section, key = ''] = lower.split('.');
  return section === 'experimental' && MOVED.includes(key) ? `wsl2.${key}` : lower;
}

/** All names that WSL reads, as its documentation writes them. */
export function knownNames(): readonly string[] {
  return Object.keys(KEYS);
}

/** The first version of WSL that knows a key; null: every one that is met. */
export function knownSince(name: string): readonly number[] | null {
  return SINCE[name.toLowerCase()] ?? null;
}

/** The fault of a key or its value; null without one. `unknown`: WSL has no such key; `gone`: the key has no effect any more. */
export function faultOf(name: string, value: string): { readonly kind: 'unknown' | 'gone' | 'value'; readonly text: string } | null {
  const gone = GONE[name.toLowerCase()];
  if (gone !== undefined) return { kind: 'gone', text: `${name} does nothing any more: ${gone}` };
  const canonical = CANONICAL.get(name.toLowerCase());
  const kind = canonical === undefined ? undefined : KEYS[canonical];
  if (kind === undefined) return { kind: 'unknown', text: `WSL knows no key ${name}` };
  const text = valueFault(kind, value);
  return text === null ? null : { kind: 'value', text };
}

function valueFault(kind: Kind, value: string): string | null {
  if (kind === 'text') return null;
  if (kind === 'size') return parseSize(value) === null ? `"${value}" is no size` : null;
  if (kind === 'integer') return parseInteger(value) === null ? `"${value}" is no whole number` : null;
  if (kind === 'boolean') return parseBoolean(value) === null ? `"${value}" is neither true nor false` : null;
  return kind.oneOf.includes(value.toLowerCase()) ? null : `"${value}" is none of ${kind.oneOf.join(', ')}`;
}

const UNITS: Readonly<Record<string, bigint>> = {
  '': 1n,
  B: 1n,
  K: 2n ** 10n,
  KB: 2n ** 10n,
  M: 2n ** 20n,
  MB: 2n ** 20n,
  G: 2n ** 30n,
  GB: 2n ** 30n,
  T: 2n ** 40n,
  TB: 2n ** 40n,
};
const LARGEST = 2n ** 64n - 1n;

/**
 * A size as WSL reads it (stringshared.h, ParseMemorySize): whole number and B, K, KB, M, MB, G, GB, T or TB in capitals, nothing between.
 * Blanks before and a sign are let through, as strtoull does: -1 is 2^64 − 1. Bytes; exact up to 2^53. Null: refused, the default holds.
 */
export function parseSize(text: string): number | null {
  const match = /^[ \t\n\v\f\r]*([+-]?)(\d+)([\s\S]*)$/.exec(text);
  const unit = UNITS[match?.[3] ?? '?'];
  if (!match || unit === undefined) return null;
  const [, sign, digits = ''] = match;
  const read = BigInt(digits);
  // Zero is only taken when it is the first letter and alone: "00", " 0" and "-0" are refused.
  if (read === 0n && !/^0(?!\d)/.test(text)) return null;
  const whole = read > LARGEST ? LARGEST : sign === '-' ? BigInt.asUintN(64, -read) : read;
  return Number(BigInt.asUintN(64, whole * unit));
}

const INT_MAX = 2 ** 31 - 1;

/** A number as WSL reads it (strtol with base 0): hexadecimal after 0x, octal after 0; beyond 32 bits it is cut to the largest. */
export function parseInteger(text: string): number | null {
  const match = /^[ \t\n\v\f\r]*([+-]?)(?:0[xX]([0-9a-fA-F]+)|0([0-7]*)|([1-9]\d*))$/.exec(text);
  if (!match) return null;
  const [, sign, hex, octal, decimal] = match;
  const value = hex !== undefined ? Number.parseInt(hex, 16) : octal !== undefined ? Number.parseInt(octal || '0', 8) : Number(decimal);
  return sign === '-' ? Math.max(-value, -INT_MAX - 1) : Math.min(value, INT_MAX);
}

/** 1, 0, true or false, in any case. */
export function parseBoolean(text: string): boolean | null {
  const lower = text.toLowerCase();
  if (lower === '1' || lower === 'true') return true;
  return lower === '0' || lower === 'false' ? false : null;
}
