/** Sets text, and only where it differs: a screen reader and the layout hear of what changed alone. All text of the page goes through here. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

export function setHidden(element: HTMLElement, hidden: boolean): void {
  if (element.hidden !== hidden) element.hidden = hidden;
}

export function setAttribute(element: Element, name: string, value: string): void {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value);
}

/** An element with a class, text and children. `text` is never read as HTML. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  parts: { readonly class?: string; readonly text?: string; readonly title?: string; readonly children?: readonly Node[] } = {},
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (parts.class !== undefined) element.className = parts.class;
  if (parts.text !== undefined) element.textContent = parts.text;
  if (parts.title !== undefined) element.title = parts.title;
  if (parts.children) element.append(...parts.children);
  return element;
}

export function button(text: string, pressed: () => void): HTMLButtonElement {
  const element = make('button', { text });
  element.type = 'button';
  element.addEventListener('click', pressed);
  return element;
}

/** An element of index.html. */
export function byId<Kind extends HTMLElement>(id: string, kind: new () => Kind): Kind {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`the page has no ${id}`);
}

const SVG = 'http://www.w3.org/2000/svg';

export function svg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Readonly<Record<string, string>>,
  children: readonly Node[] = [],
): SVGElementTagNameMap[Tag] {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The children of a list, one for each item and in their order; an element stays that of its key, so that focus and selection do too. */
export class Keyed<Item, Part extends { readonly element: Element }> {
  readonly #parent: Element;
  readonly #make: (item: Item) => Part;
  readonly #parts = new Map<string, Part>();

  constructor(parent: Element, create: (item: Item) => Part) {
    this.#parent = parent;
    this.#make = create;
  }

  show(items: readonly (readonly [key: string, item: Item])[], update: (part: Part, item: Item) => void): void {
    const keys = new Set(items.map(([key]) => key));
    for (const [key, part] of this.#parts) {
      if (keys.has(key)) continue;
      part.element.remove();
      this.#parts.delete(key);
    }
    for (const [index, [key, item]] of items.entries()) {
      const part = this.#parts.get(key) ?? this.#make(item);
      this.#parts.set(key, part);
      update(part, item);
      if (this.#parent.children[index] !== part.element) this.#parent.insertBefore(part.element, this.#parent.children[index] ?? null);
    }
  }
}
