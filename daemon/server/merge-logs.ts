interface Stamped {
  readonly at: number;
}

/** Several logs, each in order of time, as one in order of time. Holds one line of each. */
export async function* byTime<T extends Stamped>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = sources.map(source => source[Symbol.asyncIterator]());
  try {
    const heads = await Promise.all(iterators.map(iterator => iterator.next()));
    for (;;) {
      const next = earliest(heads);
      const iterator = iterators[next];
      const head = heads[next];
      if (!iterator || !head || head.done) return;
      yield head.value;
      heads[next] = await iterator.next();
    }
  } finally {
    for (const iterator of iterators) void iterator.return?.();
  }
}

function earliest<T extends Stamped>(heads: readonly IteratorResult<T>[]): number {
  let best = -1;
  let bestAt = Number.POSITIVE_INFINITY;
  for (const [index, head] of heads.entries()) {
    if (head.done || head.value.at >= bestAt) continue;
    best = index;
    bestAt = head.value.at;
  }
  return best;
}

/** Several endless logs as one, each line when it comes; a source is read further only after its line was consumed. */
export async function* asTheyCome<T>(sources: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const iterators = sources.map(source => source[Symbol.asyncIterator]());
  const pull = (index: number) => iterators[index]?.next().then(result => ({ index, result }));
  const pending = new Map(iterators.map((_, index) => [index, pull(index)]));
  try {
    while (pending.size > 0) {
      const settled = await Promise.race(pending.values());
      if (!settled) return;
      if (settled.result.done) pending.delete(settled.index);
      else {
        yield settled.result.value;
        pending.set(settled.index, pull(settled.index));
      }
    }
  } finally {
    for (const iterator of iterators) void iterator.return?.();
  }
}
