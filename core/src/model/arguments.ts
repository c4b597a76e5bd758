const ALPHANUMERIC = /^[A-Za-z0-9]+$/
const DASH = '-'

interface Named {
  readonly name: string
  /** It began with two dashes. */
  readonly long: boolean
}
const NONE: Named = { name: '', long: true }

/** What follows the dashes of an argument; undefined if it is none that begins with a dash. */
function named(argument: string): Named | undefined {
  if (argument.length < 2 || !argument.startsWith(DASH)) return undefined
  const long = argument[1] === DASH
  return { name: argument.slice(long ? 2 : 1), long }
}

/**
 * SECL's `args_flags` of the arguments after argv0: of each that begins with a dash its name, unless it holds `=`; of one with a single dash and
 * none but letters and digits each of them too. Names of options that take a value are among them.
 */
export function flagsOf(argv: readonly string[]): readonly string[] {
  // Each once: an argument of letters may be as long as its writer likes.
  const flags = new Set<string>()
  for (const argument of argv) {
    const { name, long } = named(argument) ?? NONE
    if (!long && ALPHANUMERIC.test(name)) for (const letter of name) flags.add(letter)
    if (name.length > (long ? 0 : 1) && !name.includes('=')) flags.add(name)
  }
  return [...flags]
}

/**
 * SECL's `args_options`: `name=value` of each argument that has the form, and of each that a value follows: an argument that is empty or does not
 * begin with a dash.
 */
export function optionsOf(argv: readonly string[]): readonly string[] {
  const options: string[] = []
  for (let i = 0; i < argv.length; i++) {
    const { name } = named(argv[i] as string) ?? NONE
    if (!ALPHANUMERIC.test(name.charAt(0))) continue
    const next = argv[i + 1]
    if (name.includes('=')) options.push(name)
    else if (next !== undefined && !next.startsWith(DASH)) {
      options.push(`${name}=${next}`)
      i++
    }
  }
  return options
}
