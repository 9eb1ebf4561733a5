/** What running hours ask for. */
export type HoursTick = 'up' | 'down';
