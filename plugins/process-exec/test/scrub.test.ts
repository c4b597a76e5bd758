import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { redactions, Scrubber } from '../src/scrub.ts'
import { isSecretName } from '../src/secret-names.ts'

const scrubber = new Scrubber({ enabled: true, words: [], patterns: [] })

describe('arguments', () => {
  test.each([
    ['--password=hunter2', '--password=***'],
    ['--password hunter2 --verbose', '--password *** --verbose'],
    ['--db-pass hunter2', '--db-pass ***'],
    ['-password hunter2', '-password ***'],
    ['--api_key=abc --api-key def', '--api_key=*** --api-key ***'],
    ['--authToken=abc', '--authToken=***'],
    ['token=abc', 'token=***'],
    ['PGPASSWORD=abc psql -h db', 'PGPASSWORD=*** psql -h db'],
    ['MYSQL_PWD=abc mysql', 'MYSQL_PWD=*** mysql'],
    ['https://user:pa%3Ass@host/x', 'https://user:***@host/x'],
    ['postgres://app:s3cret@db:5432/app', 'postgres://app:***@db:5432/app'],
    ['https://host/x?user=me&access_token=abc&b=1', 'https://host/x?user=me&access_token=***&b=1'],
    ["-H 'Authorization: Bearer abc.def-ghi' https://x/", "-H 'Authorization: Bearer ***' https://x/"],
    ['-H "X-Api-Key: abc" https://x/', '-H "X-Api-Key: ***" https://x/'],
    ['-u me:hunter2 https://x/', '-u me:*** https://x/'],
    ['-u --password=hunter2', '-u --password=***'],
    ['-u --password hunter2', '-u --password ***'],
    ['-u token=hunter2', '-u token=***'],
    ['run -u 1000:1000 image', 'run -u 1000:1000 image'],
    ['sh -c "mysql -uroot -phunter2 db"', 'sh -c "mysql -uroot -p*** db"'],
    ['sshpass -p hunter2 ssh host', 'sshpass -p *** ssh host'],
    ['{"password":"hunter2","a":1}', '{"password":"***","a":1}'],
    ['AKIAIOSFODNN7EXAMPLE', '***'],
    ['aws_secret_access_key=abc', 'aws_secret_access_key=***'],
    ['ghp_0123456789abcdefghijABCDEFGHIJ012345', '***'],
    ['eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl', '***'],
    ['-----BEGIN PRIVATE KEY-----\nMIIB\n-----END PRIVATE KEY-----', '-----BEGIN PRIVATE KEY-----***'],
  ])('%s', (raw, shown) => {
    expect(scrubber.text(raw)).toBe(shown)
  })

  test.each([
    'ls -l /tmp',
    'ssh -p 2222 host',
    'docker run -p 80:80 nginx',
    'PWD=/tmp OLDPWD=/',
    '--password-file=/run/secrets/db',
    '--token-path /run/token',
    'http://host:8080/path',
    'git clone git@github.com:a/b.git',
    'python3 -m http.server',
    'grep -r password',
    'a:b:c=d',
  ])('leaves alone: %s', (text) => {
    expect(scrubber.text(text)).toBe(text)
  })

  test('a secret in the argument after its name', () => {
    expect(scrubber.list(['--password', 'two words', 'next'])).toEqual(['--password', '***', 'next'])
    expect(scrubber.list(['--password', '', 'next'])).toEqual(['--password', '', 'next'])
    expect(scrubber.list(['--token=', 'abc'])).toEqual(['--token=', 'abc'])
  })

  test('what a program calls a password depends on the program', () => {
    expect(scrubber.list(['-uroot', '-phunter2'], '/usr/bin/mysql')).toEqual(['-uroot', '-p***'])
    expect(scrubber.list(['-p2222'], '/usr/bin/ssh')).toEqual(['-p2222'])
    expect(scrubber.text('-p 2222 host', 'ssh')).toBe('-p 2222 host')
  })

  test('configured words and patterns', () => {
    const more = new Scrubber({ enabled: true, words: ['*kennwort*', 'my-id'], patterns: ['SN-(\\d+)', 'zz+'] })
    expect(more.text('--dbKennwort=a --my_id=b --other=c SN-123 zzz')).toBe('--dbKennwort=*** --my_id=*** --other=c SN-*** ***')
  })
})

describe('redactions', () => {
  const event = (fields: Record<string, unknown>) => ({ get: (name: string) => fields[name] })
  const redact = redactions(scrubber)

  test('know the program of each ancestor', () => {
    const about = event({ 'process.ancestors.argv0': ['mysql', 'ssh'] })
    expect(redact['process.ancestors.args']?.(['-psecret', '-p2222'], about)).toEqual(['-p***', '-p2222'])
    expect(redact['process.ancestors.argv']?.([['-psecret'], ['-p2222']], about)).toEqual([['-p***'], ['-p2222']])
  })

  test('leave what is no text', () => {
    const unknown = Symbol('unknown')
    for (const field of Object.keys(redact)) expect(redact[field]?.(unknown, event({}))).toBe(unknown)
    expect(redact['process.ancestors.args']?.([unknown], event({}))).toEqual([unknown])
  })
})

test('names of secrets', () => {
  for (const name of ['password', 'DB_PASS', 'clientSecret', 'AWS_SECRET_ACCESS_KEY', 'X-Auth-Token', 'GITHUB_TOKEN', 'apiKey', 'pw'])
    expect([name, isSecretName(name)]).toEqual([name, true])
  for (const name of ['PWD', 'path', 'passive', 'compass', 'user', 'SECRET_NAME', 'token_ttl', 'x', ''])
    expect([name, isSecretName(name)]).toEqual([name, false])
})

test('no secret survives, whatever stands around it', () => {
  const around = fc.stringMatching(/^[a-z0-9 /._-]{0,20}$/)
  const secret = fc.stringMatching(/^[A-Z][A-Z0-9]{11}$/)
  fc.assert(
    fc.property(
      around,
      around,
      secret,
      fc.constantFrom('--password=', '--token ', 'SECRET_KEY=', 'x://u:', 'Authorization: Bearer '),
      (a, b, s, how) => {
        const raw = `${a} ${how}${s}${how === 'x://u:' ? '@host' : ''} ${b}`
        expect(scrubber.text(raw)).not.toContain(s)
      },
    ),
  )
})

// More than linear time would not end within the patience of the test runner.
test.each([
  'a://a:',
  'eyJaaaaaaaa.',
  'authorization: ',
  '-----BEGIN PRIVATE KEY-----',
  'bearer ',
  'password=',
  '&:=',
  'sk-a',
  '-p',
  '=',
  '"a":',
  ' ',
])('a megabyte of %j', (unit) => {
  expect(scrubber.text(unit.repeat(Math.ceil(1_000_000 / unit.length)))).toBeTypeOf('string')
})
