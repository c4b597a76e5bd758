import { expect, it } from 'vitest'
import { renderPlain } from '../../src/messages/render-plain.ts'
import { datadogLetter } from '../fixtures/datadog-letter.ts'

it('messages of Datadog’s detection rules say what they say there [case 42]', () => {
  expect(renderPlain(datadogLetter().message)).toBe(`\
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
