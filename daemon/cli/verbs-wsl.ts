import type { CliVerb } from './verb.js';

const PLACE = ['project', 'profiles', 'file', 'project-name', 'env-file'] as const;
const FIGURES = ['host-memory', 'model', 'wslconfig'] as const;
const OUTPUT = ['json', 'quiet'] as const;

/** `laptop-dev wsl`. */
export const WSL: CliVerb = {
  name: 'wsl',
  summary: 'Size the virtual machine of WSL2 by what a profile needs',
  args: '',
  options: [],
  verbs: [
    {
      name: 'presets',
      summary: 'Show what each preset would give the VM here, and whether the profile fits',
      args: '[profile]',
      options: [...PLACE, ...FIGURES, 'explain', ...OUTPUT],
      completes: 'profiles-and-services',
      load: async () => ({ run: (await import('./commands/wsl-presets.js')).run }),
    },
    {
      name: 'show',
      summary: 'Show the host, the VM and the .wslconfig as WSL reads it, with its mistakes',
      args: '',
      options: ['wslconfig', 'host-memory', 'explain', ...OUTPUT],
      load: async () => ({ run: (await import('./commands/wsl-show.js')).run }),
    },
    {
      name: 'apply',
      summary: 'Write a preset into the .wslconfig; all other lines stay as they are',
      args: '<preset> [profile]',
      options: [...PLACE, ...FIGURES, 'psi', 'dry-run', 'explain', ...OUTPUT],
      completes: 'presets-and-profiles',
      load: async () => ({ run: (await import('./commands/wsl-apply.js')).run }),
    },
    {
      name: 'undo',
      summary: 'Put back the .wslconfig as it was before the last apply, byte by byte',
      args: '',
      options: ['dry-run', 'force', ...OUTPUT],
      load: async () => ({ run: (await import('./commands/wsl-undo.js')).run }),
    },
    {
      name: 'verify',
      summary: 'Say of each key of the .wslconfig whether the running VM has it',
      args: '',
      options: ['wslconfig', ...OUTPUT],
      load: async () => ({ run: (await import('./commands/wsl-verify.js')).run }),
    },
    {
      name: 'reclaim',
      summary: 'Give file cache back: of running services, and with consent of the whole VM; measured before and after',
      args: '',
      options: ['after-stop', 'yes', ...OUTPUT],
      load: async () => ({ run: (await import('./commands/wsl-reclaim.js')).run }),
    },
  ],
};
