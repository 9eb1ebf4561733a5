import type { Place } from './tree.js';
import type { Position } from './types.js';

export function positionOf(place: Place): Position {
  return { file: place.source.file, line: place.line, column: place.column };
}
