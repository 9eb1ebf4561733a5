import { describe, expect, it } from 'vitest';
import { Player } from './player.js';

describe('the first keys', () => {
  it('quits, suspends and repaints', () => {
    const player = new Player();
    expect(player.type('q ctrl-z ctrl-l').effects()).toEqual([{ kind: 'quit' }, { kind: 'suspend' }, { kind: 'repaint' }]);
  });
});
