import { type Notification, shownText } from '@cws/core'

/** Longest id of a rule in the environment, characters. */
const MAX_RULE_ID = 256

/** All of it: nothing of the agent's own, which may hold secrets, and nothing that an attacker chose but what the signal is named by. */
export function environmentOf({ key, reason, signal, attempt }: Notification): Record<string, string> {
  return {
    PATH: '/usr/sbin:/usr/bin:/sbin:/bin',
    LANG: 'C.UTF-8',
    CWS_KEY: key,
    CWS_REASON: reason,
    CWS_SIGNAL_ID: signal.id,
    CWS_REVISION: String(signal.revision),
    CWS_SEVERITY: signal.severity,
    CWS_STATUS: signal.status,
    // A zero byte in it would let no program be started, nor would 128 KiB.
    CWS_RULE_ID: shownText(signal.rule.id, MAX_RULE_ID),
    CWS_ATTEMPT: String(attempt),
  }
}
