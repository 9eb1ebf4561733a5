import { make, setAttribute } from '../dom.js';
import type { Bar } from '../geometry.js';

/** A bar with fills and marks. Lengths go through the CSSOM: the page allows no inline styles. */
export interface BarPart {
  readonly element: HTMLElement;
  show(bar: Bar, title: string): void;
}

/** `marks`: classes of its marks, in the order of the bar's. */
export function makeBar(...marks: readonly string[]): BarPart {
  const [back, fill] = [make('i', { class: 'back' }), make('i', { class: 'fill' })];
  const ticks = marks.map(name => make('i', { class: `mark ${name}` }));
  const element = make('div', { class: 'bar', children: [back, fill, ...ticks] });
  element.setAttribute('role', 'img');
  return {
    element,
    show(bar, title) {
      back.style.width = `${bar.back}%`;
      fill.style.width = `${bar.fill}%`;
      element.classList.toggle('over', bar.over);
      for (const [index, tick] of ticks.entries()) {
        const at = bar.marks[index];
        tick.hidden = at === undefined;
        if (at !== undefined) tick.style.left = `min(${at}%, calc(100% - 2px))`;
      }
      setAttribute(element, 'aria-label', title);
      setAttribute(element, 'title', title);
    },
  };
}
