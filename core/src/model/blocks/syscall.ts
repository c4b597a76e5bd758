import { int, string } from '../field.ts'

/* Arguments of the call as the process gave them: it may change them while the kernel reads, so they prove nothing. */

export const syscallPath = string('Path as the call was given it, relative or not; no glob')
export const syscallMode = int('Mode that was asked for')
