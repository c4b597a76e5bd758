import { ABIS, ARCHITECTURES, COMPRESSIONS, FILE_TYPES } from '../constants/file-metadata.ts'
import { bool, int, int64 } from '../field.ts'

/** What the content of an executable tells. */
export const fileMetadataBlock = {
  size: int64('Size in bytes'),
  type: int('Type of the content', { constants: FILE_TYPES }),
  is_executable: bool('It can be executed'),
  architecture: int('Processor that it is for', { constants: ARCHITECTURES }),
  abi: int('Its word size', { constants: ABIS }),
  is_upx_packed: bool('Packed by UPX'),
  compression: int('How it is compressed', { constants: COMPRESSIONS }),
  is_garble_obfuscated: bool('Obfuscated by garble'),
} as const
