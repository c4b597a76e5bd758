import { type NotifierContext, Connections as SharedConnections } from '@cws/core'
import { Agent, type Dispatcher, ProxyAgent } from 'undici'
import type { SlackOptions } from '../options.ts'

/** Connections of this destination alone, so that it cannot hold up another. They are made anew when authorities or proxy have changed. */
export class Connections extends SharedConnections<Dispatcher> {
  /** @throws Error if the file of authorities cannot be read or holds none */
  constructor(ctx: NotifierContext<SlackOptions>) {
    super({ Agent, ProxyAgent }, ctx)
  }
}
