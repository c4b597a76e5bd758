import { userInfo } from 'node:os'

/** Who runs the command, for the log of the agent: who called sudo, if it was called. */
export function whoAsks(): string {
  const { SUDO_USER: sudo } = process.env
  if (sudo) return sudo
  try {
    return userInfo().username
  } catch {
    return `uid ${process.getuid?.() ?? '?'}`
  }
}
