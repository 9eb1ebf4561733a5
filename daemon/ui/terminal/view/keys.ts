import { type Dash, screenOf } from '../state.js';

type Keys = readonly (readonly [key: string, what: string])[];

/** The keys that work here, the most useful first; the last one is always shown. */
export function keysOf(dash: Dash): Keys {
  const { entry, ask } = dash;
  if (entry) return [['enter', 'keep'], ['escape', 'as it was']]; // biome-ignore format: pairs
  if (ask?.kind === 'planning') return [['escape', 'never mind']];
  if (ask?.kind === 'refused') return [['enter', 'close']];
  if (ask?.kind === 'confirm') return [['y', ask.work.verb], ['n', 'no']]; // biome-ignore format: pairs
  const screen = screenOf(dash).kind;
  if (screen === 'services' && (dash.live?.services.length ?? 0) === 0) return [['tab', 'events'], ['?', 'help'], ['q', 'quit']]; // biome-ignore format: pairs
  if (dash.link.kind === 'lost' && (screen === 'services' || screen === 'budget'))
    return [['enter', 'detail'], ['/', 'filter'], ['s', `sort: ${dash.sort}`], ['tab', 'other views'], ['?', 'help'], ['q', 'quit']]; // biome-ignore format: pairs
  switch (screen) {
    case 'services':
      return [
        ['enter', 'detail'], ['u', 'up'], ['x', 'stop'], ['r', 'restart'], ['p', 'pin'], ['l', 'logs'], ['/', 'filter'],
        ['s', `sort: ${dash.sort}`], ['e', 'shell'], ['b', 'budget'], ['tab', 'events'], ['w', 'what if'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'events':
      return [['j k', 'move'], ['/', 'filter'], ['G', 'newest'], ['tab', 'budget'], ['?', 'help'], ['q', 'quit']]; // biome-ignore format: pairs
    case 'budget':
      return [
        ['enter', 'detail'], ['w', 'what if it starts'], ['u', 'up'], ['x', 'stop'], ['p', 'pin'], ['tab', 'services'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'detail':
      return [
        ['escape', 'back'], ['← →', 'span'], ['z', 'zoom'], ['l', 'logs'], ['u', 'up'], ['x', 'stop'], ['r', 'restart'], ['p', 'pin'],
        ['e', 'shell'], ['tab', 'next service'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'logs':
      return [
        ['escape', 'back'], ['f', 'follow'], ['/', 'search'], ['n N', 'next'], ['&', 'only'], ['w', 'wrap'], ['t', 'times'], ['?', 'help'], ['q', 'quit'],
      ]; // biome-ignore format: pairs
    case 'help':
      return [['escape', 'back'], ['j k', 'scroll'], ['q', 'quit']]; // biome-ignore format: pairs
  }
}
