import { describe, expect, it } from 'vitest';
import { Player } from './player.js';

describe('keys of the program', () => {
  it('quit, suspend and repaint', () => {
    const player = new Player();
    expect(player.type('q ctrl-z ctrl-l').effects()).toEqual([{ kind: 'quit' }, { kind: 'suspend' }, { kind: 'repaint' }]);
  });
});
