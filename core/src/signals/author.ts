/** A value as it may be shown; undefined if nobody knows it or it is empty. */
export type Known = (field: string) => string | undefined

/**
 * Who did it, in words: its command, its user and its parent, as far as they are known, else why nobody is named. `clause` is said of it only if the
 * program is known: `which is no package manager`.
 */
export function authorText(known: Known, clause = ''): string {
  const program = known('process.file.path')
  const comm = known('process.comm')
  if (program === undefined && comm === undefined) return nobody(known('process.pid'), known('event.author_gap'))
  const command = [program ?? comm, known('process.args')].filter((it) => it !== undefined).join(' ')
  const user = known('process.user') ?? known('process.uid')
  const parent = known('process.parent.file.path')
  const about = [user === undefined ? '' : `user ${user}`, parent === undefined ? '' : `started by \`${parent}\``].filter((it) => it !== '')
  const name = program === undefined ? `a program that calls itself \`${command}\`` : `\`${command}\``
  return `${name}${about.length === 0 ? '' : ` (${about.join(', ')})`}${program === undefined || clause === '' ? '' : `, ${clause}`}`
}

/** What is said in place of a program of which nothing is known. `gap`: what the sensor says of it. */
export function nobody(pid: string | undefined, gap: string | undefined): string {
  if (pid !== undefined) return `process ${pid}, of which nothing more is known`
  return `a program that could not be told (${gap ?? 'the sensor names nobody'})`
}
