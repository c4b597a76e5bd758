import { writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Command } from 'commander'
import { configFolder } from '../../config/folders.ts'
import { CwsError, messageOf } from '../../errors/cws-error.ts'
import type { Distribution } from '../distribution.ts'
import { line } from '../output.ts'

const EXAMPLES = `
Examples:
  cws init                        writes cws.config.ts here
  cws check -c ./cws.config.ts    then shows whether it is right
  sudo cws init /etc/cws          where \`sudo cws run\` looks`

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
      // Run as root, only the system's folder is looked into without being told.
      const name = dirname(file) === configFolder({ root: true, env: {} }) ? '' : ` --config ${file}`
      line(`next: \`cws check${name}\` looks it over, \`sudo cws run${name}\` runs it`)
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
