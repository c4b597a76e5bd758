import { expect, it } from 'vitest'
import { isForbiddenAddress, isForbiddenHost, safeLookup } from '../../src/http/forbidden.ts'

const forbidden: readonly [what: string, ...addresses: string[]][] = [
  ['link-local', '169.254.169.254', '169.254.0.1', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
  ['metadata', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', 'fd00:ec2::23', 'fd20:ce::254', 'fd00:c1::a9fe:a9fe', 'fd00:42::42'],
  ['mapped, RFC 4291', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', '::FFFF:100.100.100.200', '0:0:0:0:0:ffff:a9fe:1'],
  ['compatible, RFC 4291', '::169.254.169.254', '::a9fe:a9fe', '::168.63.129.16', '0:0:0:0:0:0:a9fe:0'],
  ['translated, RFC 2765', '::ffff:0:169.254.169.254', '::ffff:0:a83f:8110'],
  ['NAT64, RFC 6052', '64:ff9b::169.254.169.254', '64:ff9b::6464:64c8'],
  [
    'NAT64 of a network of its own, RFC 8215, with each length of its prefix',
    '64:ff9b:1:a9fe:a9:fe00::',
    '64:ff9b:1:12a9:fe:a9fe::',
    '64:ff9b:1:1234:a9:fea9:fe00:0',
    '64:ff9b:1::169.254.169.254',
  ],
  ['6to4, RFC 3056', '2002:a9fe:a9fe::', '2002:a9fe:a9fe:1::1', '2002:6464:64c8::'],
  ['Teredo, RFC 4380: client and server', '2001::5601:5601', '2001:0:a9fe:a9fe::'],
  ['ISATAP, RFC 5214', '2001:db8::5efe:169.254.169.254', '2001:db8::200:5efe:a83f:8110'],
]

it.each(forbidden)('forbidden: %s', (_, ...addresses) => {
  expect(addresses.filter((address) => !isForbiddenAddress(address))).toEqual([])
})

const allowed: readonly [what: string, ...addresses: string[]][] = [
  ['plain', '127.0.0.1', '::1', '::', '10.0.0.1', '192.168.1.1', '169.253.0.1', 'fd00::1', 'fec0::1', '2001:db8::a9fe:a9fe'],
  ['mapped and compatible', '::ffff:127.0.0.1', '::10.0.0.1', '::ffff:0:10.0.0.1'],
  ['NAT64', '64:ff9b::7f00:1', '64:ff9b:1:a00:0:100::', '64:ff9b:2:a9fe:a9:fe00::'],
  ['tunnels', '2002:a00:1::', '2001::f5ff:fffe', '2001:db8::5eff:a9fe:a9fe', '2003:a9fe:a9fe::'],
  ['names', 'a name', ''],
]

it.each(allowed)('not forbidden: %s', (_, ...addresses) => {
  expect(addresses.filter(isForbiddenAddress)).toEqual([])
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

it('a name that leads to a forbidden address, among others or alone, is refused when it is resolved [case 19]', async () => {
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
