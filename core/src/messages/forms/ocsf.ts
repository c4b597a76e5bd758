import type { Severity } from '../../signals/severity.ts'
import type { Signal } from '../../signals/signal.ts'
import type { Letter, Reason } from '../letter.ts'
import { renderPlain } from '../render-plain.ts'
import { block, commandOf, digestsOf, fileOf, known, millisOf, number, techniquesOf, text } from './facts.ts'

type Values = Readonly<Record<string, unknown>>

/** The release of the schema whose words these are. */
const VERSION = '1.5.0'
const CATEGORY = 2
const CLASS = 2004

const SEVERITIES: Readonly<Record<Severity, readonly [id: number, name: string]>> = {
  info: [1, 'Informational'],
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
}
const STATUSES: Readonly<Record<Signal['status'], readonly [id: number, name: string]>> = {
  open: [1, 'New'],
  acknowledged: [2, 'In Progress'],
  archived: [4, 'Resolved'],
}
const ACTIVITIES = { create: [1, 'Create'], update: [2, 'Update'], close: [3, 'Close'] } as const
const CREATES: ReadonlySet<Reason> = new Set(['opened', 'digest', 'notice', 'test'])

/** `hashes` by OCSF's numbers of their algorithms. */
const ALGORITHMS: Readonly<Record<string, readonly [id: number, name: string]>> = {
  md5: [1, 'MD5'],
  sha1: [2, 'SHA-1'],
  sha256: [3, 'SHA-256'],
  sha512: [4, 'SHA-512'],
}
/** Types of files by the format bits of their mode. */
const FILE_TYPES: Readonly<Record<number, number>> = { 1: 6, 2: 3, 4: 2, 6: 4, 8: 1, 10: 7, 12: 5 }

/** OCSF Detection Finding (class 2004). What the schema has no word for stands in `unmapped`, the whole event in the evidence's `data`. */
export function detectionFinding({ key, reason, title, message, rule, signal, time }: Letter): object {
  const activity = ACTIVITIES[signal.status === 'archived' ? 'close' : CREATES.has(reason) ? 'create' : 'update']
  const [severityId, severity] = SEVERITIES[signal.severity]
  const [firstSeen, lastSeen] = [millisOf(signal.first_seen), millisOf(signal.last_seen)]
  const [statusId, status] = STATUSES[signal.status]
  const attacks = techniquesOf(signal.tags).map(({ technique, sub }) =>
    known({ technique: { uid: technique }, sub_technique: sub === undefined ? undefined : { uid: sub } }),
  )
  return {
    category_uid: CATEGORY,
    category_name: 'Findings',
    class_uid: CLASS,
    class_name: 'Detection Finding',
    activity_id: activity[0],
    activity_name: activity[1],
    type_uid: CLASS * 100 + activity[0],
    type_name: `Detection Finding: ${activity[1]}`,
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    is_alert: signal.status === 'open',
    time: millisOf(time) ?? 0,
    start_time: firstSeen,
    end_time: lastSeen,
    count: signal.count,
    message: renderPlain(message) || title,
    metadata: {
      version: VERSION,
      product: { name: 'CWS', vendor_name: 'CWS' },
      profiles: ['host', 'container'],
      uid: key,
      sequence: signal.revision,
      labels: signal.tags,
    },
    finding_info: {
      uid: signal.id,
      title,
      desc: signal.message,
      first_seen_time: firstSeen,
      last_seen_time: lastSeen,
      analytic: { type_id: 1, type: 'Rule', uid: signal.rule.id, name: signal.rule.name },
      ...(attacks.length > 0 && { attacks }),
    },
    ...(signal.advice !== '' && { remediation: { desc: signal.advice } }),
    device: { type_id: 0, type: 'Unknown', hostname: signal.host.name },
    resources: [{ type: 'host', name: signal.host.name }],
    evidences: [evidenceOf(signal.event)],
    unmapped: known({
      reason,
      notification: rule,
      group: signal.group,
      findings: signal.findings,
      folded: signal.folded,
      truncated: signal.truncated,
    }),
  }
}

function evidenceOf(event: Values): object {
  const process = block(event, 'process')
  const subject = processOf(process)
  // On an exec `process` is the new image: who did it stands above.
  const actor = text(event, 'type') === 'exec' ? processOf(block(process, 'parent')) : subject
  return {
    ...known({ actor: actor && { process: actor }, process: subject, file: ofFile(fileOf(event)) }),
    data: event,
  }
}

/** The schema wants a number for each process. Parents as far as the event has them, which nobody but the agent nests. */
function processOf(process: Values | undefined): object | undefined {
  const pid = number(process, 'pid')
  if (pid === undefined) return undefined
  const file = ofFile(block(process, 'file'))
  const container = text(block(process, 'container'), 'id')
  return known({
    pid,
    name: text(block(process, 'file'), 'name') ?? text(process, 'comm'),
    cmd_line: commandOf(process),
    created_time: millisOf(text(process, 'created_at')),
    file,
    user: userOf(process),
    container: container === undefined ? undefined : { uid: container },
    parent_process: processOf(block(process, 'parent')),
  })
}

function userOf(process: Values | undefined): object | undefined {
  return known({ name: text(process, 'user'), uid: number(process, 'uid')?.toString() })
}

function ofFile(file: Values | undefined): object | undefined {
  const path = text(file, 'path')
  const name = text(file, 'name') ?? path?.split('/').at(-1)
  if (!name) return undefined
  const mode = number(file, 'mode')
  const hashes = digestsOf(file).map(({ algorithm, value }) => {
    const [id, caption] = ALGORITHMS[algorithm] ?? [99, algorithm]
    return { algorithm_id: id, algorithm: caption, value }
  })
  return known({
    name,
    path,
    type_id: (mode === undefined ? undefined : FILE_TYPES[mode >> 12]) ?? 0,
    size: number(file, 'size'),
    hashes: hashes.length === 0 ? undefined : hashes,
  })
}
