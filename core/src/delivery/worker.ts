import { parentPort, workerData } from 'node:worker_threads'
import { advance } from '../hooks/tick-clock.ts'
import { errorBody } from './control/control.ts'
import { DeliveryThread } from './delivery-thread.ts'
import type { DeliverySetup, FromDelivery, ToDelivery } from './protocol.ts'
import { Vitals } from './supervisor/vitals.ts'

/** Entry of the delivery thread. */
if (!parentPort) throw new Error('this module is the entry of a worker thread')
const port = parentPort
const post = (message: FromDelivery): void => port.postMessage(message)

const setup = workerData as DeliverySetup

try {
  // Only then is its weight paid: it reads and judges sources.
  if (setup.modules) (await import('../config/module-hooks.ts')).installModuleHooks(setup.modules)
  const vitals = new Vitals(setup.vitals)
  const thread = new DeliveryThread(setup, post, vitals)
  process.on('uncaughtException', (error) => thread.fault(error))
  process.on('unhandledRejection', (reason) => thread.fault(reason))
  await thread.start()
  advance(setup.engineTicks)
  port.on('message', (message: ToDelivery) => {
    vitals.takeUp()
    thread.receive(message)
  })
} catch (error) {
  post({ kind: 'failed', ...errorBody(error) })
}
