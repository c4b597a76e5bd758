import { retval } from '../blocks/retval.ts'
import { BPF_ATTACH_TYPES, BPF_COMMANDS, BPF_HELPERS, BPF_MAP_TYPES, BPF_PROGRAM_TYPES } from '../constants/bpf.ts'
import { defineEvent } from '../define-event.ts'
import { int, ints, string } from '../field.ts'

export const bpf = defineEvent('bpf', {
  doc: 'A process used BPF.',
  fields: {
    cmd: int('Command', { constants: BPF_COMMANDS }),
    map: {
      name: string('Name of the map, at most 16 characters'),
      type: int('Type of the map', { constants: BPF_MAP_TYPES }),
    },
    prog: {
      name: string('Name of the program, at most 16 characters'),
      tag: string('Digest of the instructions, as the kernel has it'),
      type: int('Type of the program', { constants: BPF_PROGRAM_TYPES }),
      attach_type: int('Where it is meant to be attached', { constants: BPF_ATTACH_TYPES }),
      helpers: ints('Functions of the kernel that it calls', { constants: BPF_HELPERS }),
    },
    retval,
  },
})
