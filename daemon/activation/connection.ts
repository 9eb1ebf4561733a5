import { connect, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import type { Protocol } from '../model/spec.js';
import type { Listener, ListenerHooks, Target } from '../ports/listeners.js';
import type { Clock, Log } from '../ports/ports.js';
import { type Failure, failure } from '../shared/failure.js';
import type { Ms } from '../shared/span.js';
import { spokenByClient } from './protocols/first-bytes.js';
import { RecognisingTracker } from './protocols/recognise.js';
import { createTracker, type ProtocolTracker } from './protocols/tracker.js';
import { refusalBytes } from './refusal.js';
import { Splice, type SpliceEvents } from './splice.js';
import type { ByteStream, ByteStreamEvents, OpenByteStream } from './stream.js';
import type { ListenerTraffic } from './traffic.js';

/** A container's address that has just gone away answers nothing: give up after this, ms. */
const TIMEOUT = 5000;

/** Connects, unread and with FIN kept apart in both directions. Null: refused, or no answer in time. */
export function dial(target: Target): Promise<Socket | null> {
  return new Promise(resolve => {
    const socket = connect({ ...target, allowHalfOpen: true, noDelay: true });
    socket.pause();
    const fail = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(null);
    };
    const timer = setTimeout(fail, TIMEOUT);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      resolve(socket); // `fail` stays: an error before a byte stream listens for it must be handled
    });
  });
}

/** Most that is kept of what a client sends before its service is ready, bytes; then it is not read until then. */
const MOST_KEPT = 16 * 1024 * 1024;
/** How often a service that says it is ready, but refuses connections, is asked for; and the pauses between, ms. */
const TRIES = 4;
const PAUSE = 50;
/** Where nobody knows whether an answer is complete, it is taken to be after this long without a byte, ms; longer when none has come yet. */
const QUIET = { answered: 200, unanswered: 1000 };
/**
 * How long a client may say nothing where its protocol has it speak first, ms: then the server may be the one that does. An awake service is
 * connected to; one that sleeps is woken where the protocol is a guess. Port scanners and monitors are gone by then.
 */
const SILENCE = { awake: 100, asleep: 300 };
/** How long a refused client may take to close, ms. */
const LINGER = 2000;

export interface ConnectionContext {
  readonly hooks: ListenerHooks;
  readonly log: Log;
  readonly clock: Clock;
  readonly openStream: OpenByteStream;
  readonly traffic: ListenerTraffic;
}

/**
 * One client. silent → waiting → reaching → spliced → closing → over
 * silent: nothing said, wakes nothing (where the client speaks first). waiting: for the start; what it says is kept. reaching: its
 * target is known. closing: FIN sent to both sides, or refused. An HTTP client between two requests may go from spliced back to silent.
 */
export class ClientConnection implements ByteStreamEvents, SpliceEvents {
  readonly #listener: Listener;
  readonly #context: ConnectionContext;
  readonly #client: ByteStream;
  #stage: 'silent' | 'waiting' | 'reaching' | 'spliced' | 'closing' | 'refused' | 'over' = 'silent';
  #kept: Buffer[] = [];
  #keptBytes = 0;
  #hasEnded = false;
  #isHolding = false;
  #tracker: ProtocolTracker;
  #splice: Splice | null = null;
  #lastAt: Ms = 0;
  #lastFromClient = false;
  #failure: Failure | null = null;
  #silence: NodeJS.Timeout | undefined;
  /** How much of the refusal has been sent; -1: all. */
  #answered = 0;

  constructor(socket: Socket, listener: Listener, context: ConnectionContext) {
    this.#listener = listener;
    this.#context = context;
    this.#tracker = this.#newTracker();
    this.#client = context.openStream(socket, this);
    context.traffic.clients.add(this);
    this.#client.read();
    // A server of an unknown protocol may be the one that speaks first.
    if (listener.protocol === 'tcp') this.#begin();
    else this.#silence = setTimeout(() => this.#onSilence(SILENCE.awake), SILENCE.awake).unref();
  }

  /** Its service's stop would reach it. */
  reachesService(): boolean {
    return this.#stage === 'reaching' || this.#stage === 'spliced' || this.#stage === 'closing';
  }

  chunk(chunk: Buffer): void {
    if (this.#splice) return this.#splice.chunk(chunk);
    if (this.#stage === 'over' || this.#answered < 0) return;
    this.#kept.push(Buffer.from(chunk));
    this.#keptBytes += chunk.length;
    if (this.#stage === 'refused') return this.#answer();
    this.#context.traffic.count(chunk.length, this.#listener.containerPort);
    if (this.#keptBytes >= MOST_KEPT) this.#client.pause();
    if (this.#stage === 'silent') this.#begin();
  }

  end(): void {
    if (this.#splice) return this.#splice.end();
    this.#hasEnded = true;
    if (this.#stage === 'silent' || this.#stage === 'refused') this.destroy();
  }

  gone(): void {
    if (this.#splice) this.#splice.gone();
    else this.over();
  }

  drained(): void {
    if (this.#splice) this.#splice.drained();
    else if (this.#stage === 'refused') this.#client.read();
  }

  passed(bytes: number, fromClient: boolean): void {
    this.#lastAt = this.#context.traffic.count(bytes, this.#listener.containerPort);
    this.#lastFromClient = fromClient;
    if (this.#stage !== 'spliced' || this.#tracker.holding === this.#isHolding) return;
    this.#hold(!this.#isHolding);
    // A busy connection is let go between two exchanges, or a drain might never find it at rest.
    if (!this.#isHolding && this.#context.traffic.isLeaving(this)) this.release();
  }

  over(): void {
    if (this.#stage === 'over') return;
    this.#stage = 'over';
    clearTimeout(this.#silence);
    this.#kept = [];
    this.#hold(false);
    this.#context.traffic.leave(this);
    this.#context.traffic.clients.delete(this);
  }

  destroy(): void {
    this.#splice?.destroy();
    this.#client.destroy();
    this.over();
  }

  /** Ends it, or parts it from its service, once nothing is under way; else does nothing. */
  release(): void {
    const splice = this.#splice;
    if (this.#stage !== 'spliced' || !splice || this.#tracker.holding || splice.isHalfway) return;
    if (this.#tracker.canMove) return this.#part(splice);
    const still = this.#context.clock.now() - this.#lastAt;
    if (this.#tracker.isBlind && still < (this.#lastFromClient ? QUIET.unanswered : QUIET.answered)) return;
    this.#stage = 'closing';
    splice.close();
  }

  #part(splice: Splice): void {
    this.#splice = null;
    this.#stage = 'silent';
    this.#tracker = this.#newTracker();
    this.#context.traffic.leave(this);
    splice.part();
    this.#client.read();
  }

  #hold(now: boolean): void {
    if (now === this.#isHolding) return;
    this.#isHolding = now;
    this.#context.traffic.hold(now ? 1 : -1);
  }

  #newTracker(): ProtocolTracker {
    const { protocol, holdBlocked, certain } = this.#listener;
    if (certain) return createTracker(protocol, holdBlocked);
    return new RecognisingTracker(protocol, holdBlocked, heard => this.#context.hooks.spoke(this.#listener, heard));
  }

  /** It has said nothing so far. */
  #onSilence(since: Ms): void {
    if (this.#stage !== 'silent') return;
    const { hooks } = this.#context;
    const isAwake = hooks.target(this.#listener) !== null;
    if (isAwake || (!this.#listener.certain && since >= SILENCE.asleep)) this.#begin();
    else if (since < SILENCE.asleep) this.#silence = setTimeout(() => this.#onSilence(SILENCE.asleep), SILENCE.asleep - since).unref();
  }

  #begin(): void {
    clearTimeout(this.#silence);
    this.#bring().catch((error: unknown) => {
      const { log } = this.#context;
      log.error({ err: error, service: this.#listener.service }, 'a client could not be connected to its service');
      if (!this.#isOver()) this.#refuse(failure('internal', `laptop-dev failed to reach ${this.#listener.service}`));
    });
  }

  /** Waits for the service, connects to it and splices; or refuses. */
  async #bring(): Promise<void> {
    const { hooks, traffic } = this.#context;
    this.#stage = 'waiting';
    this.#hold(true);
    traffic.join(this);
    let target: Target | Failure | null = traffic.drains.size > 0 ? null : hooks.target(this.#listener);
    for (let tried = 1; ; tried += 1) {
      target ??= await hooks.wake(this.#listener);
      if (this.#isOver()) return;
      if ('code' in target) return this.#refuse(target);
      this.#stage = 'reaching';
      const socket = await dial(target);
      if (this.#isOver()) return void socket?.destroy();
      if (socket && !socket.destroyed) return this.#connect(socket);
      if (tried === TRIES) return this.#refuse(unreachable(this.#listener, target));
      this.#stage = 'waiting';
      target = null;
      await pause(PAUSE * tried);
    }
  }

  /** As a call, because the stage changes while something is awaited. */
  #isOver(): boolean {
    return this.#stage === 'over';
  }

  #connect(socket: Socket): void {
    const first = { chunks: this.#kept, hasEnded: this.#hasEnded };
    this.#kept = [];
    this.#keptBytes = 0;
    this.#stage = 'spliced';
    this.#lastAt = this.#context.clock.now();
    this.#lastFromClient = first.chunks.length > 0;
    const splice = new Splice(this.#client, events => this.#context.openStream(socket, events), first, this.#tracker, this);
    this.#splice = splice;
    splice.start();
    if (!this.#isOver()) this.#hold(this.#tracker.holding);
  }

  #refuse(why: Failure): void {
    const { log, traffic } = this.#context;
    const { service, port, protocol } = this.#listener;
    log.warn({ service, port, protocol, code: why.code, details: why.details }, `a client was refused: ${why.message}`);
    this.#stage = 'refused';
    this.#failure = why;
    this.#hold(false);
    traffic.leave(this);
    this.#client.read();
    setTimeout(() => this.destroy(), LINGER).unref();
    this.#answer();
  }

  /** What the client seems to speak. */
  #spoken(said: Buffer): Protocol {
    const { protocol, certain } = this.#listener;
    if (certain) return protocol;
    return said.length === 0 ? 'tcp' : (spokenByClient(said) ?? protocol);
  }

  /** In the protocol spoken; PostgreSQL's asks for more than one answer. */
  #answer(): void {
    if (!this.#failure || this.#answered < 0) return;
    const said = Buffer.concat(this.#kept);
    const { bytes, isComplete } = refusalBytes(this.#spoken(said), this.#failure, said);
    const more = bytes.subarray(this.#answered);
    this.#answered = isComplete ? -1 : bytes.length;
    if (more.length > 0) this.#client.write(more);
    if (!isComplete) return;
    this.#kept = [];
    this.#client.end(() => this.#hasEnded && this.destroy());
  }
}

function unreachable(listener: Listener, target: Target): Failure {
  const where = `${target.host}:${target.port}`;
  return failure('unhealthy', `${listener.service} is running, but refuses connections on ${where}`, {
    service: listener.service,
    ...target,
  });
}
