/** The configuration of the design, word for word, with its imports: it must type-check. */
import { defineConfig, env, secretFile } from '@cws/core'
import fim from '@cws/plugin-fim'
import pagerduty from '@cws/plugin-notify-pagerduty'
import slack from '@cws/plugin-notify-slack'
import webhook from '@cws/plugin-notify-webhook'
import processExec from '@cws/plugin-process-exec'
import rules from '@cws/plugin-rules'
import defaults from '@cws/rules-default'

export default defineConfig({
  plugins: [
    processExec(),
    fim({ watch: ['/etc/**', '/usr/bin/*', '/srv/shop/config/*.yaml'] }),
    rules({
      packs: [defaults, './rules/*'],
      tune: {
        'shell-from-web-server': { unless: 'process.args =~ "*certbot*"', severity: 'critical' },
        'package-manager-in-container': 'off',
      },
    }),
    slack({ webhook: env('SLACK_WEBHOOK_URL') }),
    slack({ name: 'slack-oncall', token: env('SLACK_BOT_TOKEN'), channel: '#security-oncall' }),
    pagerduty({ routingKey: secretFile('/run/secrets/pagerduty') }),
    webhook({ name: 'siem', url: 'https://siem.example.com/cws', secret: env('SIEM_SECRET') }),
  ],
  notifications: [
    { name: 'Page us', when: 'severity == critical', to: ['pagerduty', 'slack-oncall'] },
    { name: 'Tell the team', when: 'severity >= medium', to: 'slack', repeat: '4h',
      message: '**{{rule_name}}** on {{host.name}}: `{{@process.args}}`' },
    { name: 'Archive', to: 'siem' },
  ],
})
