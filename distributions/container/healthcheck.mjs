// Asks /healthz: ends with 0 if the agent is well, else with 1 and its reasons. No package: it runs twice a minute and must cost little.
import { get } from 'node:http'

const url = process.argv[2] ?? 'http://127.0.0.1:9797/healthz'

function end(code, text) {
  console.log(text.trim())
  process.exit(code)
}

get(url, { timeout: 8000, agent: false }, (response) => {
  let body = ''
  response.setEncoding('utf8')
  response.on('data', (text) => {
    body += text
  })
  response.on('end', () => end(response.statusCode === 200 ? 0 : 1, body))
})
  .on('timeout', () => end(1, 'no answer within 8 s'))
  .on('error', (error) => end(1, `${error.message}: is \`monitoring: {}\` in the configuration?`))
