import { expect, it } from 'vitest'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { compileTemplate } from '../../src/messages/template.ts'
import { signalScope } from '../../src/signals/scope.ts'
import { opened, shellSignal } from '../fixtures/shell-signal.ts'

/** Each form that a message of one of Datadog's detection rules can have, over fields of this model. */
const MESSAGE = `{{severity_number}} {{timestamp}} {{timestamp_epoch}} {{first_seen}} {{first_seen_epoch}} {{last_seen}} {{last_seen_epoch}} {{rule_name}} {{events_matched}}

- [Investigate the user](https://app.example.com/dashboards/authentication?tpl_var_username={{@process.user}})
- [Service](https://app.example.com/services/{{service.name}}?rule={{urlencode "rule_name"}})
- [Logs](https://app.example.com/logs?from_ts={{eval "first_seen_epoch-15*60*1000"}}&to_ts={{eval "last_seen_epoch+15*60*1000"}}&live=false)

{{#is_match "team.name" "web"}}
The team of the web front end looks at this. @slack-{{team.name}}
{{/is_match}}
{{^is_match "team.name" "db"}}
It is not about a database.
{{/is_match}}
{{#is_exact_match "service.name" "shop"}}
It is the shop.
{{/is_exact_match}}
{{^is_exact_match "@process.user" "root"}}
It is not root.
{{/is_exact_match}}
{{#is_match "[kube.cluster].name" ""}}
There is no cluster.
{{/is_match}}
{{#if @process.file.path}}
It is {{@process.file.path}}, below {{@process.ancestors.comm}}.
{{else}}
Nobody knows what it is.
{{/if}}
{{#if @dns.question.name}}
It asked for {{@dns.question.name}}.
{{/if}}

Local: {{local_time "last_seen" "America/New_York"}} {{local_time "first_seen" "UTC"}}

{{{{raw}}}}
{{ .matrix.name }} is not ours.
{{{{/raw}}}}`

it('messages of Datadog’s detection rules say what they say there [case 42]', () => {
  expect(renderPlain(compileTemplate(MESSAGE, signalScope()).render(shellSignal, opened))).toBe(`\
3 2026-11-30T03:05:01.000000000Z 1796007901000 2026-11-30T03:00:00.123456789Z 1796007600123 2026-11-30T03:05:00.000000000Z 1796007900000 A web server started a shell 12

- Investigate the user (https://app.example.com/dashboards/authentication?tpl_var_username=www-data)
- Service (https://app.example.com/services/shop?rule=A%20web%20server%20started%20a%20shell)
- Logs (https://app.example.com/logs?from_ts=1796006700123&to_ts=1796008800000&live=false)

The team of the web front end looks at this. @slack-web
It is not about a database.
It is the shop.
It is not root.
There is no cluster.
It is /bin/sh, below nginx, systemd.

Local: 2026-11-29T22:05:00-05:00 2026-11-30T03:00:00+00:00

{{ .matrix.name }} is not ours.`)
})
