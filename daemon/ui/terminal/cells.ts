/** What a piece of text means; the terminal decides how that looks. State is never told by these alone. */
export type Style =
  | 'plain'
  | 'dim'
  | 'strong'
  | 'title'
  | 'good'
  | 'busy'
  | 'warn'
  | 'bad'
  | 'accent'
  /** Segments of a memory bar and of charts. */
  | 'used'
  | 'granted'
  | 'reserve'
  | 'cache'
  /** The row under the cursor, and a key that can be pressed. */
  | 'selected'
  | 'key';

export interface StyledText {
  readonly text: string;
  readonly style: Style;
}

/** One line of the screen, from the left; what is missing on the right is blank. Never wider than the screen. */
export type Row = readonly StyledText[];

/** What the terminal can show. */
export interface Capabilities {
  readonly color: 'none' | '16' | '256';
  /** Only ASCII: no box drawing, blocks nor braille. */
  readonly ascii: boolean;
}

export interface Size {
  readonly columns: number;
  readonly rows: number;
}
