import { expect, it } from 'vitest'
import { isForbiddenAddress, isForbiddenHost, safeLookup } from '../../src/http/forbidden.ts'

it.each([
  '169.254.169.254',
  '169.254.0.1',
  '100.100.100.200',
  '168.63.129.16',
  'fe80::1',
  'fe80::1%eth0',
  'febf::1',
  'fd00:ec2::254',
  'fd20:ce::254',
  '::ffff:169.254.169.254',
  '::ffff:a9fe:a9fe',
  '64:ff9b::169.254.169.254',
])('%s is forbidden', (address) => {
  expect(isForbiddenAddress(address)).toBe(true)
})

it.each([
  '127.0.0.1',
  '::1',
  '10.0.0.1',
  '192.168.1.1',
  '169.253.0.1',
  'fd00::1',
  'fec0::1',
  '64:ff9b::7f00:1',
  '::ffff:127.0.0.1',
  '::',
  'a name',
])('%s is not', (address) => {
  expect(isForbiddenAddress(address)).toBe(false)
})

it('hosts of URLs are judged in every way to write them', () => {
  const hosts = [
    '169.254.169.254',
    '2852039166',
    '0xa9fea9fe',
    '0251.0376.0251.0376',
    '[::ffff:169.254.169.254]',
    'METADATA.google.internal',
    'metadata',
    'instance-data.',
  ]
  expect(hosts.filter((host) => !isForbiddenHost(new URL(`http://${host}/`).hostname))).toEqual([])
  expect(['metadata.example.com', 'localhost', '[::1]'].filter((host) => isForbiddenHost(new URL(`http://${host}/`).hostname))).toEqual([])
})

it('a name that leads to a forbidden address, among others or alone, is refused when it is resolved', async () => {
  const resolved = (address: string | { address: string; family: number }[]) =>
    new Promise((resolve) =>
      safeLookup((_, __, done) => done(null, address, 4))('rebinds.example', {}, (error, it) => resolve(error?.code ?? it)),
    )
  const two = [
    { address: '192.0.2.1', family: 4 },
    { address: '169.254.169.254', family: 4 },
  ]
  expect(await resolved(two)).toBe('FORBIDDEN_ADDRESS')
  expect(await resolved('fe80::1')).toBe('FORBIDDEN_ADDRESS')
  expect(await resolved('192.0.2.1')).toBe('192.0.2.1')
  const failed = Object.assign(new Error('no'), { code: 'ENOTFOUND' })
  const code = await new Promise((resolve) => safeLookup((_, __, done) => done(failed, ''))('x', {}, (error) => resolve(error?.code)))
  expect(code).toBe('ENOTFOUND')
  const real = await new Promise((resolve) => safeLookup()('localhost', { all: true }, (error, all) => resolve(error ?? all)))
  expect(real).toEqual(expect.arrayContaining([expect.objectContaining({ address: expect.stringMatching(/^(127\.0\.0\.1|::1)$/) })]))
})
