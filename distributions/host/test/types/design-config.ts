/** The configuration of the design, its words for the plugins that there are, with the real packages: it must type-check. */
import { defineConfig, defineRule, env, host, secretFile } from '@cws/agent'
import slack from '@cws/plugin-notify-slack'
import webhook from '@cws/plugin-notify-webhook'
import processExec from '@cws/plugin-process-exec'
import rules from '@cws/plugin-rules'
import defaults from '@cws/rules-default'

export default defineConfig({
  plugins: [
    processExec(),
    rules({
      packs: [defaults, './rules/*'],
      tune: {
        'shell-from-web-server': { unless: 'process.args =~ "*certbot*"', severity: 'critical' },
        'package-manager-in-container': 'off',
      },
    }),
    slack({ webhook: env('SLACK_WEBHOOK_URL') }),
    slack({ name: 'slack-oncall', token: env('SLACK_BOT_TOKEN'), channel: '#security-oncall' }),
    webhook({ name: 'siem', url: 'https://siem.example.com/cws', secret: env('SIEM_SECRET') }),
  ],
  notifications: [
    { name: 'Page us', when: 'severity == critical', to: ['slack-oncall', 'siem'] },
    {
      name: 'Tell the team',
      when: 'severity >= medium',
      to: 'slack',
      repeat: '4h',
      message: '**{{rule_name}}** on {{host.name}}: `{{@process.args}}`',
    },
    { name: 'Archive', to: 'siem' },
  ],
})

const own = defineRule({
  id: 'shell-from-web-server',
  name: 'A web server started a shell',
  severity: 'high',
  on: 'exec',
  where: { 'exec.file.name': ['sh', 'bash'], 'process.ancestors.file.name': ['nginx'] },
  message: '`{{@exec.args}}`',
})

/** The preset, listed and spread, with what it passes on. */
export const presets = [
  defineConfig({ plugins: [host()] }),
  defineConfig({ plugins: [...host({ rules: { packs: [own, [own]], tune: { 'hidden-executable': 'off' } } })] }),
  defineConfig({
    plugins: [
      host({ process: { flavour: 'procfs' } }),
      webhook({ url: 'https://siem.example.com', secret: secretFile('/run/secrets/siem') }),
    ],
  }),
]

// @ts-expect-error: no such option of the preset
host({ rulez: {} })
// @ts-expect-error: no such option of the rules
host({ rules: { tun: {} } })
// @ts-expect-error: no such option of the sensor
processExec({ flavor: 'procfs' })
// @ts-expect-error: no such severity
rules({ tune: { 'hidden-executable': { severity: 'hgh' } } })
// @ts-expect-error: a required option is missing
webhook({ name: 'siem' })
// @ts-expect-error: no such option of the notifier
slack({ url: 'https://hooks.slack.com' })
