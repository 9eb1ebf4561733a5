import { execFileSync } from 'node:child_process';

/**
 * Sees to the nft command on this machine, as scripts/engine.sh does together with Docker: an engine that was here before may have come
 * without it. Installs Debian's package where it is missing, which needs root.
 */
export function ensureNft(): void {
  if (isThere()) return;
  execFileSync('sh', ['-c', 'apt-get -qq install -y nftables || { apt-get -qq update && apt-get -qq install -y nftables; }'], {
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
  });
}

function isThere(): boolean {
  try {
    nft('--version');
    return true;
  } catch {
    return false;
  }
}

/** Runs nft and gives what it prints. */
export function nft(...args: string[]): string {
  return execFileSync('nft', args, {
    encoding: 'utf8',
    env: { PATH: `${process.env['PATH']}:/usr/sbin:/sbin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
}
