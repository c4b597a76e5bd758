/** What the types must refuse. A line that is accepted is an error here. */
import { defineConfig, env } from '@cws/core'
import fim from '@cws/plugin-fim'
import slack from '@cws/plugin-notify-slack'
import webhook from '@cws/plugin-notify-webhook'

const siem = webhook({ name: 'siem', url: 'https://siem.example.com', secret: env('SIEM_SECRET') })

// @ts-expect-error: no such option
fim({ wach: ['/etc/**'] })
// @ts-expect-error: an option of a wrong type
fim({ watch: '/etc/**' })
// @ts-expect-error: a required option is missing
webhook({ name: 'siem' })
// @ts-expect-error: a required argument is missing
webhook()
// @ts-expect-error: a secret of a wrong form
slack({ webhook: { variable: 'X' } })
// @ts-expect-error: a name of a wrong type
fim({ name: 5 })

// @ts-expect-error: no such field
defineConfig({ plugins: [fim()], notification: [] })
// @ts-expect-error: a factory that was not called
defineConfig({ plugins: [fim] })
// @ts-expect-error: a package's name
defineConfig({ plugins: ['fim'] })
// @ts-expect-error: no plugins
defineConfig({ notifications: [] })
// @ts-expect-error: no such destination
defineConfig({ plugins: [siem], notifications: [{ name: 'A', to: 'seim' }] })
// @ts-expect-error: one of the destinations is not there
defineConfig({ plugins: [siem, slack()], notifications: [{ name: 'A', to: ['siem', 'slck'] }] })
// @ts-expect-error: a plugin that is no notifier
defineConfig({ plugins: [fim(), siem], notifications: [{ name: 'A', to: 'fim' }] })
// @ts-expect-error: no such field in a notification rule
defineConfig({ plugins: [siem], notifications: [{ name: 'A', to: 'siem', wen: 'severity >= low' }] })
// @ts-expect-error: a notification rule without a destination
defineConfig({ plugins: [siem], notifications: [{ name: 'A' }] })
// @ts-expect-error: no such destination, in a configuration that is a function
defineConfig(() => ({ plugins: [siem], notifications: [{ name: 'A', to: 'seim' }] }))

/** What they must accept. */
export default [
  defineConfig({
    plugins: [process.env['CI'] !== undefined && siem, [slack(), [fim()]], null],
    notifications: [{ name: 'A', to: ['siem', 'slack'] }],
  }),
  defineConfig(async ({ root }) => ({ plugins: [root ? fim() : fim({ watch: [] }), siem], notifications: [{ name: 'A', to: 'siem' }] })),
  defineConfig({ plugins: [] }),
]
