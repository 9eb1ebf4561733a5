/** How far an image is that is made present. */
export type ImageProgress =
  /** `layers`: done of how many; null: the registry has not said. */
  | { readonly step: 'pull'; readonly reference: string; readonly layers: { readonly done: number; readonly of: number } | null }
  /** An image that `image` is built upon. */
  | { readonly step: 'pull-base'; readonly reference: string; readonly image: string }
  /** `at`: the builder's own count, as in 4/9. */
  | { readonly step: 'build'; readonly image: string; readonly at: string }
  /** The base image of the stack: another daemon makes it; it is made from packages, for `why`; so far that is. */
  | { readonly step: 'base-waits' }
  | { readonly step: 'base-begins'; readonly why: string }
  | { readonly step: 'base-packages'; readonly phase: string }
  | { readonly step: 'base-installs-debootstrap' };
