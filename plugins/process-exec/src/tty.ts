/** Names of terminals by device number (major << 20 | minor), as the kernel calls them; Documentation/admin-guide/devices.txt. */
const SERIAL: Readonly<Record<number, string>> = { 166: 'ttyACM', 188: 'ttyUSB', 229: 'hvc' }
const PTY_FIRST = 136
const PTY_LAST = 143

/** `pts0`, `tty1`, `ttyS0`, `console`; empty for no terminal, `major:minor` for those without a known name. */
export function ttyName(device: number): string {
  if (device === 0) return ''
  const major = device >>> 20
  const minor = device & 0xfffff
  if (major >= PTY_FIRST && major <= PTY_LAST) return `pts${(major - PTY_FIRST) * 256 + minor}`
  if (major === 4) return minor < 64 ? `tty${minor}` : `ttyS${minor - 64}`
  if (major === 5) return minor === 1 ? 'console' : minor === 0 ? 'tty' : `5:${minor}`
  const name = SERIAL[major]
  return name === undefined ? `${major}:${minor}` : `${name}${minor}`
}
