/** Options of scp and rsync whose value is the next argument. */
const VALUED = /^(?:-[a-zA-Z46]*[cDFiJloPSXefTMB]|--[a-z-]+)$/
const FLAGS = [
  '--archive',
  '--recursive',
  '--compress',
  '--verbose',
  '--delete',
  '--relative',
  '--partial',
  '--progress',
  '--update',
  '--times',
]

/** What is copied and where to, of the arguments of scp or rsync. */
export function operandsOf(argv: readonly string[]): readonly string[] {
  return argv.filter((argument, i) => {
    const before = argv[i - 1] ?? ''
    return !argument.startsWith('-') && (FLAGS.includes(before) || !VALUED.test(before))
  })
}
