import { CwsError } from '../../errors/cws-error.ts'

/** Who asks: the kernel says it, by the socket that lets them in. */
export type Asker = 'operator' | 'administrator'

type Args = Readonly<Record<string, unknown>>

interface Administration {
  /** What somebody wants to do, in words. */
  readonly doing: string
  /** The command to give as root. */
  readonly command: string
}

/**
 * What only administrators may ask for: whatever changes for good who is told of what, and what sends messages; undefined: operators may too. To end
 * a mute is no such thing, for more is told then.
 */
export function administrationIn(what: string, args: unknown): Administration | undefined {
  const given = (typeof args === 'object' && args !== null ? args : {}) as Args
  switch (what) {
    case 'notify.change':
      return { doing: 'changing notification rules', command: `notify ${changeOf(given)}` }
    case 'notify.mute': {
      const { forever, critical } = given
      if (critical === true) return { doing: 'muting critical signals', command: 'notify mute --include-critical' }
      return forever === true ? { doing: 'a mute without an end', command: 'notify mute --forever' } : undefined
    }
    case 'notify.replay':
      return { doing: 'telling something once more', command: 'notify replay' }
    case 'notify.test':
      return { doing: 'sending a test message', command: 'notify test' }
    default:
      return undefined
  }
}

export function notAllowed({ doing, command }: Administration): CwsError {
  return new CwsError('CWS_ERR_NOT_ALLOWED', `${doing} needs root: sudo cws ${command} …`, {
    hint: 'where the agent runs as another user, that user may as well; members of its group may look, judge signals, and mute for a time',
  })
}

function changeOf({ add, delete: remove, set }: Args): string {
  if (add === true) return 'add'
  if (remove === true) return 'delete'
  const [field, ...others] = Object.keys(typeof set === 'object' && set !== null ? set : {})
  if (field !== 'enabled' || others.length > 0) return 'edit'
  return (set as Args)['enabled'] === true ? 'enable' : 'disable'
}
