import { table } from './table.ts'

/* What is told of the content of an executable. Numbered as SECL does. */

/** Word size of an executable. */
export const ABIS = table('UNKNOWN_ABI=0 BIT32=1 BIT64=2')

/** Processor of an executable. */
export const ARCHITECTURES = table('UNKNOWN_ARCHITECTURE=0 X86=1 X86_64=2 ARM=3 ARM64=4')

/** Compression of a file. SECL's `7Z` (4) is not here: no expression can write it. */
export const COMPRESSIONS = table('NONE=0 GZIP=1 ZIP=2 ZSTD=3 BZIP2=5 XZ=6')

/** Type of a file's content. */
export const FILE_TYPES = table(`
  EMPTY=0 SHELL_SCRIPT=1 TEXT=2 COMPRESSED=3 ENCRYPTED=4 BINARY=5 LINUX_EXECUTABLE=6 WINDOWS_EXECUTABLE=7 MACOS_EXECUTABLE=8 FILE_LESS=9
`)

/** How an executable is linked. No field has it; the names are SECL's. */
export const LINKAGES = table('NONE=0 STATIC=1 DYNAMIC=2')
