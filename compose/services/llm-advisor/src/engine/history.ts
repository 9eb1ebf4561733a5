import type { Message } from './engine.js';

/** A conversation in the engine's form, without its types: what an assistant said and called is one item, with the tools' answers in it. */
export type HistoryItem =
  | { readonly type: 'system' | 'user'; readonly text: string }
  | { readonly type: 'model'; readonly response: readonly (string | FunctionCall)[] };

interface FunctionCall {
  readonly type: 'functionCall';
  readonly name: string;
  readonly params: unknown;
  readonly result: unknown;
}

/** Ends with an empty answer: the one that is to be generated. */
export function historyOf(messages: readonly Message[]): HistoryItem[] {
  const results = new Map(
    messages.flatMap(({ role, answers, content }) => (role === 'tool' && answers !== undefined ? [[answers, content]] : [])),
  );
  const items: HistoryItem[] = [];
  for (const { role, content, calls = [] } of messages) {
    if (role === 'system' || role === 'user') items.push({ type: role, text: content });
    if (role !== 'assistant') continue;
    const called = calls.map(
      ({ id, name, parameters }): FunctionCall => ({
        type: 'functionCall',
        name,
        params: parsed(parameters),
        result: results.get(id) ?? null,
      }),
    );
    items.push({ type: 'model', response: [...(content === '' ? [] : [content]), ...called] });
  }
  if (items.at(-1)?.type !== 'model') items.push({ type: 'model', response: [] });
  return items;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return json;
  }
}
