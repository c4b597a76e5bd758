import { defineConfig } from '@cws/core'
import file from '@cws/plugin-notify-file'
import webhook from '@cws/plugin-notify-webhook'
import { pacer } from './pacer.ts'

/** What the bench hands over: where orders come from, the webhooks, and the file. */
export interface Plan {
  readonly port: number
  readonly webhooks: readonly { readonly name: string; readonly url: string; readonly mode?: 'latest' | 'every'; readonly ca?: string }[]
  readonly file?: string
}

const { port, webhooks, file: path } = JSON.parse(process.env['CWS_BENCH_NOTIFY'] as string) as Plan

export default defineConfig({
  plugins: [
    pacer({ port }),
    ...webhooks.map((each) => webhook({ ...each, secret: { env: 'CWS_BENCH_SECRET' } })),
    ...(path === undefined ? [] : [file({ path })]),
  ],
})
