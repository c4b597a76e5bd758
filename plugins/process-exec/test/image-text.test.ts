import type { Event } from '@cws/core'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { BaseEvent } from '../../../core/src/model/event-class.ts'
import { briefMembers } from '../../../core/src/model/event-json.ts'
import { parseExact } from '../../../core/src/model/exact-json.ts'
import { imageText } from '../src/fields/image-text.ts'
import { FILE_FLAG, FLAG } from '../src/record/layout.ts'
import { hostOf } from './host.ts'

const OVERLAY = 0x794c7630
const someOf = (flags: readonly number[]) => fc.subarray([...flags]).map((set) => set.reduce((all, one) => all | one, 0))
const number = fc.integer({ min: 0, max: 0xffff_ffff })
const long = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n })
const text = fc.constantFrom(
  '',
  '/',
  '/usr/bin/env',
  'relative/x.sh',
  '/a/"q\\.tar.gz',
  'memfd:a/b',
  '/\ud800é',
  './.hidden',
  'x'.repeat(900),
)

const exec = fc.record({
  path: text,
  filename: text,
  cwd: text,
  cgroup: fc.constantFrom('', '/', `/docker/${'0'.repeat(64)}`, `/x/docker-${'ab'.repeat(32)}.scope`),
  argv: fc.array(fc.constantFrom('a', '', '-p', 'PASSWORD=x', '[kworker]', 'é\u2028'), { maxLength: 4 }),
  envp: fc.array(fc.constantFrom('HOME=/root', 'NAME', 'AWS_SECRET_ACCESS_KEY=x', '=', 'A=B=C'), { maxLength: 4 }),
  flags: someOf([
    FLAG.SCRIPT,
    FLAG.ARGV_TRUNCATED,
    FLAG.ENVP_TRUNCATED,
    FLAG.ARGV_UNKNOWN,
    FLAG.ENVP_UNKNOWN,
    FLAG.CWD_TRUNCATED,
    FLAG.CGROUP_TRUNCATED,
    FLAG.PROCFS,
    FLAG.KERNEL_THREAD,
  ]),
  file_flags: someOf(Object.values(FILE_FLAG)),
  file_fs_magic: fc.constantFrom(0, OVERLAY),
  file_mode: number,
  file_uid: fc.constantFrom(0, 33, 4_294_967_295),
  file_gid: fc.constantFrom(0, 33, 4_294_967_295),
  file_size: long,
  file_mtime: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  file_ctime: fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }),
  file_nlink: number,
  cred_uid: fc.constantFrom(0, 1, 4_294_967_295),
  cred_egid: fc.constantFrom(0, 1, 4_294_967_295),
  cred_cap_permitted: long,
  namespace_mnt: fc.constantFrom(0, 4_026_531_840),
  tty: fc.constantFrom(0, 136 << 20, (4 << 20) | 70),
})

test('what is written at one go is what is read field by field', async () => {
  let written = 0
  await using host = await hostOf(
    (event: Event) => {
      const live = event as unknown as BaseEvent
      const told = parseExact(`{${briefMembers(live)}}`) as { exec?: unknown }
      const kept = parseExact(`{${briefMembers(event.keep() as unknown as BaseEvent)}}`) as { exec?: unknown }
      expect(told).toEqual(kept)
    },
    ['exec'],
  )
  const { images, fields, table } = host.sensor
  const { write } = imageText(images, fields)
  fc.assert(
    fc.property(exec, ({ path, ...about }) => {
      host.records.exec(10, path, about)
      host.flush()
      if (write(table.find(10), (_, value) => value) !== undefined) written++
      host.records.exit(10)
      host.flush()
      expect(host.pipeline.faults).toEqual([])
    }),
    { numRuns: 400 },
  )
  expect(written).toBeGreaterThan(20)
})
