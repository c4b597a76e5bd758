import { engineTicks } from '../hooks/tick-clock.ts'
import { ownFieldsOf } from '../model/define-event.ts'
import type { SignalLine } from '../signals/signal-line.ts'
import type {
  AgentStatusLine,
  DeliveryComposition,
  DeliveryCounters,
  DeliveryOptions,
  DeliveryPlan,
  EngineMakeup,
  FromDelivery,
} from './protocol.ts'
import { type SharedSetup, Supervisor } from './supervisor/supervisor.ts'
import { routesOf } from './telling/routing.ts'

export interface DeliveryHandlers {
  readonly onLog: (line: Extract<FromDelivery, { kind: 'log' }>) => void
  /** Answers a request of the control socket that is the engine's. */
  readonly onRequest: (what: string, args: unknown) => unknown
  /** A notifier is called no more: the thread died in its code again and again. */
  readonly onLeftOut: (notifier: string, error: Error) => void
  /** The thread has died too often; none is started any more. */
  readonly onExit: (error: Error) => void
}

/** The delivery thread as the engine sees it: every call is one message. A thread that dies is replaced. */
export interface Delivery {
  send(signal: SignalLine): void
  /** Stores one part of the evidence of a signal: JSON. */
  evidence(signal: string, body: string): void
  /** Does with a signal what leaves no trace: see agent/rehearsal.ts. */
  rehearse(signal: SignalLine): void
  /** Ready-made JSON lines of events, joined by newlines. */
  events(lines: string, count: number): void
  status(line: AgentStatusLine): void
  /** Says what is at work now: who asks for it hears how that differs from before, also from before a restart. */
  atWork(makeup: EngineMakeup): void
  /** `null` deletes. */
  setState(plugin: string, key: string, value: string | null): void
  /** By plugin and key, as it was when the thread started. */
  readonly initialState: Readonly<Record<string, Readonly<Record<string, string>>>>
  counters(): Promise<DeliveryCounters>
  /** For how long the thread has taken up nothing, though it is asked every few seconds; also while none runs. */
  readonly silentMs: number
  /**
   * Settles when another composition decides who hears of signals. Notifiers that are the same run on; what is owed to the others is kept.
   * @throws CwsError CWS_ERR_OPTION_NOT_CLONEABLE, CWS_ERR_DELIVERY
   */
  compose(composition: DeliveryComposition): Promise<void>
  /** Drains within the time and ends the thread. `pending` deliveries are left for the next start. */
  stop(timeoutMs: number): Promise<{ readonly pending: number }>
}

/**
 * Starts the delivery thread.
 * @throws CwsError CWS_ERR_CONDITION, CWS_ERR_DESTINATION_UNKNOWN, CWS_ERR_OPTION_NOT_CLONEABLE, CWS_ERR_STATE_LOCKED, CWS_ERR_STATE_DIR, CWS_ERR_DELIVERY
 */
export async function startDelivery(options: DeliveryOptions, handlers: DeliveryHandlers): Promise<Delivery> {
  const delivery = new Supervisor(setupOf(options), handlers, options.supervision)
  await delivery.start()
  return delivery
}

/** @throws CwsError CWS_ERR_CONDITION, CWS_ERR_DESTINATION_UNKNOWN */
export function compositionOf({ destinations, notifications, events, modules, monitoring, heartbeat }: DeliveryPlan): DeliveryComposition {
  const names = destinations.map(({ name }) => name)
  const fields = new Map((events ?? []).flatMap((event) => [...ownFieldsOf(event)]))
  return {
    modules,
    destinations,
    monitoring,
    heartbeat,
    fields,
    notifications,
    routes: notifications && routesOf(notifications, names, events),
  }
}

function setupOf(options: DeliveryOptions): SharedSetup {
  const { stateDir, runDir, format, color, logLevel } = options
  return {
    stateDir,
    runDir,
    format,
    color,
    debug: logLevel === 'debug' || logLevel === 'trace',
    engineTicks: engineTicks.buffer,
    ...compositionOf(options),
  }
}
