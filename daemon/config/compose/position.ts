import type { SourceLocation } from './tree/tree.js';
import type { Position } from './types.js';

export function positionOf(place: SourceLocation): Position {
  return { file: place.source.file, line: place.line, column: place.column };
}
