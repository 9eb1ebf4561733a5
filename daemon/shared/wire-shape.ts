/** An object of which nothing is known yet. */
export type Fields = Readonly<Record<string, unknown>>;

/** Tells of a value from outside whether it is a T. `isOptional`: a field that is not there is one, too. */
export interface WireShape<T> {
  readonly isOptional: undefined extends T ? true : false;
  test(value: unknown): value is T;
}

/** The shape of each field of a T, optional for its optional ones. */
export type WireShapes<T> = { readonly [Name in keyof T]-?: WireShape<T[Name]> };

interface Present<T> {
  readonly isOptional: false;
  test(value: unknown): value is T;
}

interface Optional<T> {
  readonly isOptional: true;
  test(value: unknown): value is T | undefined;
}

export const text = required((value): value is string => typeof value === 'string');
export const number = required((value): value is number => typeof value === 'number');
export const flag = required((value): value is boolean => typeof value === 'boolean');
export const texts = listOf(text);
export const anything: WireShape<unknown> = { isOptional: true, test: (_value): _value is unknown => true };

export function optional<T>(known: Present<T>): Optional<T> {
  return { isOptional: true, test: (value): value is T | undefined => value === undefined || known.test(value) };
}

export function orNull<T>(known: Present<T>): Present<T | null> {
  return required((value): value is T | null => value === null || known.test(value));
}

export function oneOf<T extends string>(...known: readonly T[]): Present<T> {
  return required((value): value is T => known.some(each => each === value));
}

export function listOf<T>(known: Present<T>): Present<readonly T[]> {
  return required((value): value is readonly T[] => Array.isArray(value) && value.every(each => known.test(each)));
}

export function either<A, B>(one: Present<A>, two: Present<B>): Present<A | B> {
  return required((value): value is A | B => one.test(value) || two.test(value));
}

export function record<T>(shapes: WireShapes<T>): Present<T> {
  return required((value): value is T => isRecord(value) && fits(shapes, value));
}

export function fits(shapes: Readonly<Record<string, { test(value: unknown): boolean }>>, value: Fields): boolean {
  return Object.entries(shapes).every(([name, { test }]) => test(value[name]));
}

export function isRecord(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function required<T>(test: (value: unknown) => value is T): Present<T> {
  return { isOptional: false, test };
}
