import { writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { Command } from 'commander'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Distribution } from '../distribution.ts'
import { line } from '../output.ts'

const EXAMPLES = `
Examples:
  cws init                 writes cws.config.ts here
  sudo cws init /etc/cws   where \`sudo cws run\` looks first
  cws check                then shows whether it is right`

export function initCommand(program: Command, distribution: Distribution): void {
  program
    .command('init [folder]')
    .summary('write a commented cws.config.ts')
    .description('Writes a commented cws.config.ts that does what runs without one, into this folder or the one named. Never overwrites.')
    .addHelpText('after', EXAMPLES)
    .action((folder = '.') => {
      const file = join(resolve(folder), 'cws.config.ts')
      write(file, distribution.starter)
      line(`wrote ${file}`)
      line('next: `cws check` looks it over, `cws run` runs it')
    })
}

function write(file: string, text: string): void {
  try {
    // Nobody but the owner: secrets may be written into it later.
    writeFileSync(file, text, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST')
      throw new CwsError('CWS_ERR_USAGE', `${file} is there already and stays as it is`, { hint: 'Name another folder, or move it away.' })
    throw new CwsError('CWS_ERR_USAGE', `cannot write ${file}: ${messageOf(error)}`, { cause: error })
  }
}
