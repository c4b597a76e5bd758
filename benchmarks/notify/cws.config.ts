import { defineConfig } from '@cws/core'
import webhook from '@cws/plugin-notify-webhook'
import { pacer } from './pacer.ts'

/** What the bench hands over: where orders come from, and the webhooks. */
export interface Plan {
  readonly port: number
  readonly webhooks: readonly { readonly name: string; readonly url: string; readonly mode?: 'latest' | 'every'; readonly ca?: string }[]
}

const { port, webhooks } = JSON.parse(process.env['CWS_BENCH_NOTIFY'] as string) as Plan

export default defineConfig({
  plugins: [pacer({ port }), ...webhooks.map((each) => webhook({ ...each, secret: { env: 'CWS_BENCH_SECRET' } }))],
})
