import { open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'
import { createZstdDecompress, constants as zlib } from 'node:zlib'
import { CwsError, messageOf } from '../errors/cws-error.ts'
import { MAX_PART } from './encoder.ts'

/** The memory that a recording may ask its reader for: 2^n bytes of window. Those of our own ask for 4 MiB. */
const WINDOW_LOG = 23
/** Text that is read at most: a small file can be made to hold very much. */
const MAX_TEXT = 64 * 1024 ** 3
/** A line has one part, and a few words around it. */
const MAX_LINE = MAX_PART + 4096
const CHUNK = 256 * 1024

/**
 * The lines of a recording, many at a time. What is not whole at the end is left out, and told by `onCut`: its recorder was killed.
 * @throws CwsError CWS_ERR_RECORDING if it cannot be read, is none, or holds more than a reader should take
 */
export async function* readLines(path: string, onCut: (why: string) => void): AsyncGenerator<readonly string[]> {
  const file = await open(path).catch((error: unknown) => {
    throw new CwsError('CWS_ERR_RECORDING', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  })
  await using _file = file
  const source = file.createReadStream({ autoClose: false, highWaterMark: CHUNK })
  const text = createZstdDecompress({ params: { [zlib.ZSTD_d_windowLogMax]: WINDOW_LOG }, chunkSize: CHUNK })
  let exhausted = false
  source.once('end', () => {
    exhausted = true
  })
  source.once('error', (error) => text.destroy(error))
  source.pipe(text)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let total = 0
  try {
    for await (const chunk of text as AsyncIterable<Buffer>) {
      total += chunk.length
      if (total > MAX_TEXT) throw new CwsError('CWS_ERR_RECORDING', `${path} holds more than ${MAX_TEXT} bytes of text`)
      const lines = (rest + decoder.write(chunk)).split('\n')
      rest = lines.pop() as string
      const long = [rest, ...lines].find((line) => line.length > MAX_LINE)
      if (long !== undefined) throw new CwsError('CWS_ERR_RECORDING', `${path} has a line of more than ${MAX_LINE} characters`)
      if (lines.length > 0) yield lines
    }
  } catch (error) {
    if (error instanceof CwsError) throw error
    // Of a file that was cut off all is read, and then something is missing; what is wrong in the middle is not a cut.
    if (total === 0 || !exhausted || !isCut(error))
      throw new CwsError('CWS_ERR_RECORDING', `${path} is no recording: ${messageOf(error)}`, { cause: error })
    onCut(messageOf(error))
    return
  } finally {
    source.destroy()
    text.destroy()
  }
  if (rest !== '') onCut('it ends within a line')
}

/** What Node says of input that ends too early. */
const isCut = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 'Z_BUF_ERROR' || /unexpected end|truncated|incomplete/i.test(messageOf(error))
