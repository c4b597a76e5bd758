import { host } from '@cws/agent'
import { defineConfig } from '@cws/core'

export default defineConfig({
  plugins: [host({ files: { flavour: 'fanotify-filesystem', watch: [`${process.env['CWS_BENCH_FOLDER']}/**`] } })],
})
