import { type Need, neverFits, settle } from './admission.js';
import type { LoadedModel } from './engine/engine.js';
import type { HostOptions } from './host-options.js';
import { ModelError } from './model-error.js';
import type { ModelFile } from './models.js';

/** Where the model that was used last stands. */
export type Standing =
  | { readonly kind: 'unloaded' }
  | { readonly kind: 'loading'; readonly model: string; readonly share: number }
  | { readonly kind: 'loaded'; readonly model: string; readonly context: number; readonly since: number };

/** The right to use a model that is loaded; it stays as long as anybody has one. */
export interface Lease {
  readonly model: LoadedModel;
  release(): void;
}

interface Load {
  readonly file: ModelFile;
  readonly done: Promise<LoadedModel>;
  readonly abort: AbortController;
  /** Requests that wait for it. */
  waiting: number;
  /** null: it is still being decided whether it may be loaded. */
  share: number | null;
  /** What it was decided to take, bytes. */
  need: number;
  readonly listeners: Set<(share: number) => void>;
}

/** One model in memory at a time: loaded by the first request, joined by all others, unloaded when nobody has used it for a while. */
export class Host {
  #loaded: { readonly file: ModelFile; readonly model: LoadedModel; readonly since: number; readonly need: number } | null = null;
  #load: Load | null = null;
  #leases = 0;
  /** It is written down that an answer is under way. */
  #noted: Promise<void> = Promise.resolve();
  #waiting = 0;
  #timer: NodeJS.Timeout | null = null;
  /** Requests for another model wait until this one is let go of. */
  readonly #freed = new Set<() => void>();
  #unloading: Promise<void> | null = null;
  #closed = false;

  constructor(private readonly options: HostOptions) {}

  standing(): Standing {
    if (this.#load) return { kind: 'loading', model: this.#load.file.name, share: this.#load.share ?? 0 };
    if (!this.#loaded) return { kind: 'unloaded' };
    const { file, model, since } = this.#loaded;
    return { kind: 'loaded', model: file.name, context: model.context, since };
  }

  /**
   * `onProgress` is first called, with 0, when it is decided that the model may be loaded: refusals come before that.
   * Throws ModelError: see each kind. Rejects with the signal's reason when it aborts; a load that nobody waits for any more is given up.
   */
  async acquire(file: ModelFile, signal: AbortSignal, onProgress: (share: number) => void): Promise<Lease> {
    signal.throwIfAborted();
    if (this.#loaded?.file.path === file.path && !this.#unloading) return this.#whenNoted(this.#lease(this.#loaded.model));
    if (this.#waiting >= this.options.waiters)
      throw new ModelError('too-many', `${this.#waiting} requests wait for the model already.`, {
        waiting: this.#waiting,
        most: this.options.waiters,
      });
    this.#waiting += 1;
    try {
      return await this.#whenNoted(await this.#join(file, signal, onProgress));
    } finally {
      this.#waiting -= 1;
    }
  }

  /** Ends what is loaded, after what is under way. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#load?.abort.abort(new ModelError('cancelled', 'The service ends.'));
    await this.#load?.done.catch(() => undefined);
    await this.#unload();
  }

  async #join(file: ModelFile, signal: AbortSignal, onProgress: (share: number) => void): Promise<Lease> {
    for (;;) {
      signal.throwIfAborted();
      if (this.#closed) throw new ModelError('cancelled', 'The service ends.');
      if (this.#unloading) await this.#unloading;
      if (this.#loaded?.file.path === file.path) return this.#lease(this.#loaded.model);
      if (this.#load?.file.path === file.path) return this.#lease(await this.#wait(this.#load, signal, onProgress));
      if (this.#load) await this.#load.done.catch(() => undefined);
      else if (this.#leases > 0) await this.#whenFree(signal);
      else if (this.#loaded) await this.#unload();
      else this.#begin(file);
    }
  }

  async #whenNoted(lease: Lease): Promise<Lease> {
    await this.#noted;
    return lease;
  }

  #lease(model: LoadedModel): Lease {
    if (this.#leases === 0) this.#noted = this.options.room.answering();
    this.#leases += 1;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    let isOpen = true;
    const release = (): void => {
      if (!isOpen) return;
      isOpen = false;
      this.#leases -= 1;
      if (this.#leases > 0) return;
      void this.options.room.answered();
      for (const freed of this.#freed) freed();
      this.#arm();
    };
    return { model, release };
  }

  #arm(): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#unload(), this.options.unloadAfter).unref();
  }

  #begin(file: ModelFile): void {
    this.options.engine.prepare();
    const abort = new AbortController();
    const load: Load = { file, abort, waiting: 0, share: null, need: 0, listeners: new Set(), done: this.#run(file, abort.signal) };
    this.#load = load;
    load.done.then(
      model => {
        this.#loaded = { file, model, since: Date.now(), need: load.need };
        this.#load = null;
        this.#say();
        // Those who waited may all have left.
        this.#arm();
      },
      () => {
        this.#load = null;
        this.#say();
      },
    );
  }

  #say(): void {
    const [load, loaded] = [this.#load, this.#loaded];
    if (load) this.options.say({ holds: load.need, loading: { model: load.file.name, share: load.share ?? 0 }, model: null });
    else this.options.say({ holds: loaded?.need ?? 0, loading: null, model: loaded?.file.name ?? null });
  }

  async #run(file: ModelFile, signal: AbortSignal): Promise<LoadedModel> {
    const { engine, room, log } = this.options;
    const { context, bytes } = await this.#decide(file, signal);
    signal.throwIfAborted();
    const began = performance.now();
    const onProgress = (share: number): void => this.#progress(file, share, bytes);
    await room.begin(file, context);
    try {
      onProgress(0);
      const model = await engine.load(file.path, { context, signal, onProgress });
      await room.loaded(file, context);
      log.info({ model: file.name, context, ms: Math.round(performance.now() - began), need: bytes }, 'a model is loaded');
      return model;
    } catch (error) {
      await room.failed();
      throw error;
    }
  }

  /** With which context it is loaded. Throws ModelError `never-fits` or `no-room`. */
  async #decide(file: ModelFile, signal: AbortSignal): Promise<Need> {
    const { room } = this.options;
    const { choice, maximum } = await room.judge(file);
    if (choice.kind === 'refuse') throw neverFits(choice.need, maximum);
    if (choice.kind === 'load') return choice.need;
    const { limit, answer } = await room.ask(choice.need.bytes, signal);
    return choice.need.bytes <= limit ? choice.need : settle((await room.judge(file, true)).needs, limit, answer);
  }

  #progress(file: ModelFile, share: number, need: number): void {
    if (this.#load?.file.path !== file.path) return;
    this.#load.share = share;
    this.#load.need = need;
    this.#say();
    for (const listener of this.#load.listeners) listener(share);
  }

  /** Who leaves ends nothing, the last one who leaves ends the load. */
  async #wait(load: Load, signal: AbortSignal, onProgress: (share: number) => void): Promise<LoadedModel> {
    load.waiting += 1;
    load.listeners.add(onProgress);
    if (load.share !== null) onProgress(load.share);
    let onAbort: () => void = () => undefined;
    const left = new Promise<never>((_resolve, reject) => {
      onAbort = () => reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
    });
    try {
      return await Promise.race([load.done, left]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      load.listeners.delete(onProgress);
      load.waiting -= 1;
      if (signal.aborted && load.waiting === 0) load.abort.abort(new ModelError('cancelled', 'Nobody waits for the model any more.'));
    }
  }

  #whenFree(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const end = (): void => {
        this.#freed.delete(end);
        signal.removeEventListener('abort', end);
        if (signal.aborted) reject(signal.reason);
        else resolve();
      };
      this.#freed.add(end);
      signal.addEventListener('abort', end, { once: true });
    });
  }

  /** Once, however many ask for it; nothing when somebody has begun to use it. */
  #unload(): Promise<void> {
    const loaded = this.#loaded;
    if (!loaded || this.#leases > 0) return this.#unloading ?? Promise.resolve();
    this.#unloading ??= loaded.model.dispose().then(
      () => this.#forget(loaded.file),
      error => {
        this.options.log.warn({ err: error }, 'the model could not be unloaded cleanly');
        this.#forget(loaded.file);
      },
    );
    return this.#unloading;
  }

  #forget(file: ModelFile): void {
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = null;
    this.#loaded = null;
    this.#unloading = null;
    this.#say();
    this.options.log.info({ model: file.name }, 'the model is unloaded');
  }
}
