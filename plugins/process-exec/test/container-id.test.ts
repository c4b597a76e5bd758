import { textOf } from '@cws/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { containerIdOf } from '../src/container-id.ts'

const id = 'd4f1c2b3a4958677'.repeat(4)
const pod = 'kubepods-burstable-pod2c1f4f0e_8a0b_4a39_9d35_3f3d1c2b4a5e.slice'

describe('containerIdOf', () => {
  test.each([
    ['Docker, cgroupfs', `/docker/${id}`],
    ['Docker, systemd', `/system.slice/docker-${id}.scope`],
    ['Docker below a process of its own', `/docker/${id}/init.scope`],
    ['Docker in Docker: the innermost', `/docker/${'0'.repeat(64)}/docker/${id}`],
    ['containerd in Kubernetes, cgroupfs', `/kubepods/burstable/pod2c1f4f0e-8a0b-4a39-9d35-3f3d1c2b4a5e/${id}`],
    ['containerd in Kubernetes, systemd', `/kubepods.slice/kubepods-burstable.slice/${pod}/cri-containerd-${id}.scope`],
    ['containerd with the driver mixed up', `/system.slice/containerd.service/${pod.replace('.slice', '')}:cri-containerd:${id}`],
    ['containerd alone', `/default/${id}`],
    ['CRI-O, systemd', `/kubepods.slice/kubepods-besteffort.slice/${pod}/crio-${id}.scope`],
    ['CRI-O, cgroupfs', `/kubepods/besteffort/pod1/crio-${id}`],
    ['CRI-O, a container below its scope', `/kubepods.slice/${pod}/crio-${id}.scope/container`],
    ['podman, systemd', `/machine.slice/libpod-${id}.scope/container`],
    ['podman, rootless', `/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-${id}.scope`],
    ['podman, cgroupfs', `/libpod_parent/libpod-${id}`],
    ['podman, payload', `/machine.slice/libpod-payload-${id}`],
    ['nerdctl, systemd', `/system.slice/nerdctl-${id}.scope`],
    ['garden and others: the bare id', `/system.slice/garden/${id}`],
    ['scope without a prefix', `/system.slice/${id}.scope`],
  ])('%s', (_, path) => {
    expect(containerIdOf(path)).toBe(id)
  })

  test('ECS, Fargate', () => {
    const task = `${'0a1b2c3d'.repeat(4)}-1234567890`
    expect(containerIdOf(`/ecs/${'0a1b2c3d'.repeat(4)}/${task}`)).toBe(task)
  })

  test('systemd-nspawn: the name of the machine', () => {
    // As paths are told: a backslash that begins what reads like an escape is one itself.
    const told = (path: string): string => textOf(Buffer.from(path), 0, Buffer.byteLength(path))
    expect(containerIdOf(told('/machine.slice/systemd-nspawn@web\\x2d1.service/payload'))).toBe('web-1')
    expect(containerIdOf(told('/machine.slice/machine-web\\x2d1\\x5cx2d.scope'))).toBe(told('web-1\\x2d'))
    expect(containerIdOf(told('/machine.slice/machine-db.scope'))).toBe('db')
    const longest = '\\x2d'.repeat(60)
    expect(containerIdOf(told(`/machine.slice/machine-${longest}.scope`))).toBe('-'.repeat(60))
    expect(containerIdOf(told('/machine.slice/machine-\\xc3\\xa9\\xff.scope'))).toBe('é\\xff')
  })

  test.each([
    '/',
    '/init.scope',
    '/system.slice/docker.service',
    '/system.slice/containerd.service',
    '/user.slice/user-1000.slice/session-3.scope',
    `/machine.slice/libpod-conmon-${id}.scope`,
    `/kubepods.slice/${pod}/crio-conmon-${id}.scope`,
    `/kubepods.slice/${pod}`,
    `/system.slice/docker-${id.slice(1)}.scope`,
    `/system.slice/${id.toUpperCase()}`,
    `/process_api/${id.slice(32)}`,
  ])('the host: %s', (path) => {
    expect(containerIdOf(path)).toBe('')
  })

  const hex = fc.array(fc.constantFrom(...'0123456789abcdef'), { minLength: 64, maxLength: 64 }).map((digits) => digits.join(''))
  const form = fc.constantFrom(
    (name: string) => name,
    (name: string) => `docker-${name}.scope`,
    (name: string) => `cri-containerd-${name}.scope`,
    (name: string) => `crio-${name}.scope`,
    (name: string) => `libpod-${name}.scope`,
    (name: string) => `slice:cri-containerd:${name}`,
  )
  const segment = fc.stringMatching(/^[a-z][a-z.@_]{0,20}$/)

  test('finds any id in any place and form', () => {
    fc.assert(
      fc.property(fc.array(segment, { maxLength: 6 }), hex, form, fc.array(segment, { maxLength: 3 }), (above, name, write, below) => {
        expect(containerIdOf(`/${[...above, write(name), ...below].join('/')}`)).toBe(name)
      }),
    )
  })

  test('never throws, never makes up what is not in the path', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (path) => {
        const found = containerIdOf(path)
        if (!path.includes('\\x')) expect(path).toContain(found)
      }),
    )
  })
})
