import type { Protocol, ServiceId } from '../model/spec.js';
import type { Failure } from '../shared/failure.js';

/** New connections to `hostIp:port` go to the container at `to`, past the daemon's listener. */
export interface Redirect {
  readonly service: ServiceId;
  /** As the listener has it. 127.x.y.z, or 0.0.0.0, of which only 127.0.0.1 is redirected. */
  readonly hostIp: string;
  readonly port: number;
  readonly to: { readonly host: string; readonly port: number };
}

/** What a container's network has been used for. */
export interface Counters {
  /** TCP connections that it has, to anybody: an upper bound of those to one port. */
  readonly connections: number;
  /** Received and sent by the container since it started, beyond headers, bytes. May fall a little when nothing but ARP was sent. */
  readonly bytes: number;
}

/** Runs a command in the container, as the image's user. Rejects when it cannot be run at all. */
export type Exec = (command: readonly string[]) => Promise<{ readonly exitCode: number; readonly stdout: string }>;

export interface HeldQuestion {
  /** Port in the container; null: what the client in the image takes by itself. */
  readonly port?: number | null;
  /** As in Activation: false lets blocked commands, subscriptions and MONITOR not hold. */
  readonly holdBlocked?: boolean;
}

/** Rules of the kernel that carry connections of awake services past the daemon, in one nft table of this instance. */
export interface RedirectManager {
  /** Whether rules can be set here, and how: by ourselves, or by the helper; else why not, in a sentence. Asked once, at the start. */
  readonly available: { readonly how: 'nft' | 'helper' } | { readonly reason: string };
  /** Bytes since the last use that make a service used again. */
  readonly used: number;
  /** Why the kernel cannot carry this one, in a sentence; null: it can. Reads two small files, no engine. */
  refuses(redirect: Redirect): string | null;
  /**
   * Makes the rules exactly those of these redirects that the kernel can carry, in one transaction; the same again is no error. Resolves
   * when the kernel has them. Connections that are open stay as they are. Calls are carried out in order. A failure (kernel-path) leaves
   * the rules as they were, or, where redirected connections get no answer, out of use.
   */
  set(redirects: readonly Redirect[]): Promise<Failure | null>;
  /**
   * What the container's network was used for so far, whoever used it: spliced connections and other containers are in it too. Compare with
   * the reading at the last use: `used` more bytes are use again. Null: it cannot be read. `pid`: the container's main process.
   */
  use(redirect: Redirect, pid: number | null): Counters | null;
  /** Connections open to the redirect's port; 0 when it cannot be read. For a drain after the rule was taken away; takes milliseconds. */
  open(redirect: Redirect, pid: number | null): number;
  /**
   * Asks a service whether anything is under way, where the daemon has not seen the bytes itself. Null: nothing holds it, or its protocol
   * has nothing to ask (http, tcp). Else a sentence for `why`; also when it cannot be asked, since a transaction could be open.
   */
  heldBy(protocol: Protocol, exec: Exec, question?: HeldQuestion): Promise<string | null>;
  /** Removes the table, and restores what was set on bridges: connections that the kernel still carries end with that. */
  close(): Promise<Failure | null>;
}
