import { ERRNO } from '../constants/errno.ts'
import { int } from '../field.ts'

/** What the call returned. */
export const retval = int('0 or a positive number on success, else a negative errno', { constants: ERRNO })
