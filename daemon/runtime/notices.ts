import type { LoggedNotice, Notice } from '../api/notice.js';
import { noticeText } from '../api/notice-text.js';
import type { Clock, Log } from '../ports/ports.js';
import type { Ms } from '../shared/span.js';

/** What has happened, for `events`, `why` and progress: the last ones, and each to whoever listens. */
export class Notices {
  private readonly kept: LoggedNotice[] = [];
  private readonly listeners = new Set<(notice: LoggedNotice) => void>();
  private seq = 0;

  constructor(
    private readonly clock: Clock,
    private readonly most = 1_000,
  ) {}

  add(notices: readonly Notice[]): void {
    for (const notice of notices) {
      const logged = { ...notice, text: noticeText(notice), seq: ++this.seq, at: this.clock.wall() };
      this.kept.push(logged);
      if (this.kept.length > this.most) this.kept.shift();
      for (const listener of this.listeners) listener(logged);
    }
  }

  list(): readonly LoggedNotice[] {
    return [...this.kept];
  }

  subscribe(listener: (notice: LoggedNotice) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}

/** A line takes some 2 ms, most of it to redact it. A client waits for what follows a notice, but not for its line. */
const LOG_AFTER: Ms = 50;

/** Writes notices into the log a moment after they came, in their order. */
export class NoticeLog {
  private waiting: LoggedNotice[] = [];
  private timer: NodeJS.Timeout | null = null;

  constructor(private readonly log: Log) {}

  add(notice: LoggedNotice): void {
    this.waiting.push(notice);
    this.timer ??= setTimeout(() => this.flush(), LOG_AFTER).unref();
  }

  /** Writes what waits. */
  flush(): void {
    if (this.timer) clearTimeout(this.timer);
    this.timer = null;
    const { waiting } = this;
    this.waiting = [];
    for (const { project, service, kind, level, text } of waiting) this.log[level]({ project, service, kind }, text);
  }
}
