/** Bytes in and out since a counter began. */
export interface NetworkTraffic {
  readonly in: number;
  readonly out: number;
}

/**
 * /proc/PID/net/dev: bytes received and sent over all interfaces but lo, as `docker stats` sums them. Null when the text is none. By hand: a
 * pattern a line would cost more than the read. Pure.
 */
export function networkOf(text: string): NetworkTraffic | null {
  const sum = { in: 0, out: 0 };
  let seen = false;
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf('\n', from);
    const line = text.slice(from, end < 0 ? text.length : end);
    from = end < 0 ? text.length : end + 1;
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    seen = true;
    const columns = line
      .slice(colon + 1)
      .trim()
      .split(/ +/);
    if (line.slice(0, colon).trim() === 'lo') continue;
    sum.in += Number(columns[0]);
    sum.out += Number(columns[8]);
  }
  return seen && Number.isFinite(sum.in + sum.out) ? sum : null;
}

/** v2 io.stat: `8:0 rbytes=1 wbytes=2 …`, a line a device; empty before the first byte. Pure. */
export function blockOfV2(text: string): NetworkTraffic {
  return { in: total(text, /\brbytes=(\d+)/g), out: total(text, /\bwbytes=(\d+)/g) };
}

/** v1 blkio.*.io_service_bytes: `8:0 Read 1`, lines for each device and kind. Pure. */
export function blockOfV1(text: string): NetworkTraffic {
  return { in: total(text, /^\d+:\d+ Read (\d+)$/gm), out: total(text, /^\d+:\d+ Write (\d+)$/gm) };
}

function total(text: string, pattern: RegExp): number {
  // Most containers read and write little or nothing.
  if (!text.includes(':')) return 0;
  let sum = 0;
  for (const match of text.matchAll(pattern)) sum += Number(match[1]);
  return sum;
}
