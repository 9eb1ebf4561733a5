import { readFileSync, readlinkSync } from 'node:fs';
import { type Failure, failure } from '../shared/failure.js';
import { probingScript } from './rules.js';
import type { ScriptResult, ScriptRunner } from './shell.js';

/** How scripts with privileges are run; else why they cannot be, in a sentence. */
export type NftAccess = { readonly how: 'nft' | 'helper'; readonly run: ScriptRunner } | { readonly reason: string };

/** By ourselves where we may, else by the helper. */
export async function findNftAccess(table: string, own: ScriptRunner, helper: ScriptRunner | null): Promise<NftAccess> {
  const ownReason = await whyNot(table, own);
  if (ownReason === null) return { how: 'nft', run: own };
  if (!helper) return { reason: `the daemon cannot set rules of the kernel: ${ownReason}` };
  const helperReason = await whyNot(table, helper);
  if (helperReason === null) return { how: 'helper', run: helper };
  return { reason: `neither the daemon (${ownReason}) nor a helper container (${helperReason}) can set rules of the kernel` };
}

async function whyNot(table: string, run: ScriptRunner): Promise<string | null> {
  const outcome = await tried(run, probingScript(table));
  if (outcome.exitCode !== 0) return /not permitted/i.test(outcome.stderr) ? 'it needs CAP_NET_ADMIN' : firstLine(outcome.stderr);
  return outcome.stdout.trim() === whereWeAre() ? null : 'its network is not the one of this machine';
}

/** As the probing script prints it. Docker Desktop's host network is that of its own machine, where rules would do nothing for us. */
function whereWeAre(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8')}${readlinkSync('/proc/self/ns/net')}`;
  } catch {
    return 'not Linux';
  }
}

/** Runs a script; kernel-path with nft's own words when it fails. */
export async function runScript(run: ScriptRunner, script: string): Promise<Failure | null> {
  const { exitCode, stderr } = await tried(run, script);
  if (exitCode === 0) return null;
  return failure('kernel-path', `the kernel did not take the rules: ${firstLine(stderr)}`, { exitCode, stderr: stderr.slice(0, 2000) });
}

async function tried(run: ScriptRunner, script: string): Promise<ScriptResult> {
  try {
    return await run(script);
  } catch (error) {
    return { exitCode: 127, stdout: '', stderr: error instanceof Error ? error.message : String(error) };
  }
}

/** nft says what is wrong in its first line, and then shows where. */
function firstLine(stderr: string): string {
  return stderr.trim().split('\n')[0] || 'no reason was given';
}
