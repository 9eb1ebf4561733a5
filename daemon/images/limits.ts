/** At most `most` tasks at once; the others wait in order. */
export function limiter(most: number): <T>(task: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];
  return async task => {
    if (running >= most) await new Promise<void>(resolve => waiting.push(resolve));
    else running += 1;
    try {
      return await task();
    } finally {
      // A slot is handed over, not given back and taken again: nobody can slip in between.
      const next = waiting.shift();
      if (next) next();
      else running -= 1;
    }
  };
}

/** One run at a time for a key; whoever asks meanwhile shares its outcome and hears its progress from then on. */
export function singleFlight<P>(): (
  key: string,
  hear: (progress: P) => void,
  task: (report: (progress: P) => void) => Promise<void>,
) => Promise<void> {
  const flights = new Map<string, { readonly listeners: ((progress: P) => void)[]; readonly outcome: Promise<void> }>();
  return (key, hear, task) => {
    const flight = flights.get(key);
    if (flight) {
      flight.listeners.push(hear);
      return flight.outcome;
    }
    const listeners = [hear];
    const report = (progress: P): void => {
      for (const listener of listeners) listener(progress);
    };
    const outcome = Promise.resolve()
      .then(() => task(report))
      .finally(() => flights.delete(key));
    flights.set(key, { listeners, outcome });
    return outcome;
  };
}
