/** One line of the table: an expression, what is known of the event, and what must come of it. */
export type Row = {
  /** The number of the row in SECL's reference that it stands for, or a name of our own. Unique. */
  readonly id: string
  readonly expr: string
  /** Whose fields it is judged on; without, on those of `fields` alone. */
  readonly on?: EventName
  /** Fields beside those of the event, or instead; null: UNKNOWN. */
  readonly fields?: Readonly<Record<string, unknown>>
  readonly variables?: Readonly<Record<string, unknown>>
  readonly macros?: readonly (
    | { readonly id: string; readonly expression: string }
    | { readonly id: string; readonly values: readonly string[] }
  )[]
  /** Where CWS is not as SECL is, by choice: what is so, and why. */
  readonly differs?: string
} & (
  | {
      /** null: UNKNOWN. For partial evaluation: false is "cannot become true", all else "may". */
      readonly is: boolean | null
    }
  | {
      /** syntax: it does not parse. type: its parts do not fit. value: it holds what the field never has. */
      readonly error: 'syntax' | 'type' | 'value'
      /** `line:column`, from 1. */
      readonly at: string
    }
)

export type EventName = keyof typeof events

const PROCESS = {
  'process.file.path': '/usr/bin/curl',
  'process.file.name': 'curl',
  'process.comm': 'curl',
  'process.uid': 1000,
  'process.pid': 4242,
  'process.args': '-sSL --max-time 5 https://x.test/a',
  'process.argv': ['-sSL', '--max-time', '5', 'https://x.test/a'],
  'process.created_at': '1790000000000000000',
  'process.is_kworker': false,
  'process.ancestors.comm': ['bash', 'sshd', 'systemd'],
  'process.ancestors.pid': [10, 5, 1],
  'process.ancestors.uid': [1000, 0, 0],
  'process.ancestors.length': 3,
  'event.timestamp': '1790000003000000000',
  'container.created_at': '0',
} as const

/** Base events: a process that executed curl (its ancestors nearest first), that opened a file, that connected, that asked a name server, flows. */
export const events = {
  exec: {
    ...PROCESS,
    'exec.file.path': '/usr/bin/curl',
    'exec.file.name': 'curl',
    'exec.comm': 'curl',
  },
  open: {
    ...PROCESS,
    'open.file.path': '/etc/ssh/sshd_config',
    'open.file.name': 'sshd_config',
    'open.flags': 65,
  },
  connect: { ...PROCESS, 'connect.addr.ip': '10.1.2.3', 'connect.addr.port': 443 },
  dns: { ...PROCESS, 'dns.question.name': 'Api.Example.com' },
  network_flow_monitor: {
    ...PROCESS,
    'network_flow_monitor.flows.source.ip': ['10.0.0.1', '10.0.0.2'],
    'network_flow_monitor.flows.length': 2,
  },
} as const
