/** What is watched where mounts are: made later, bound to other places, in layers, and such as never answer. Each in a mount namespace of its own. */
import { describe, expect, test } from 'vitest'
import { fileFlavours } from '../support/file-changes.ts'
import { MountSpace } from '../support/mount-space.ts'
import { generator } from '../support/triggers.ts'
import { nested } from '../support/vantage.ts'

describe.each(fileFlavours)('$name', ({ name }) => {
  describe('a mount below a watched folder', () => {
    test('that appears: what is in it is told, and what happens there then', async () => {
      await using space = await MountSpace.watch(['w/**'], { flavour: name }, 'mkdir -p $B/w/m $B/w/n $B/other')
      await space.run('mount -t tmpfs none $B/other; mkdir $B/other/deep; echo x >$B/other/deep/brought; mount --bind $B/other $B/w/m')
      await space.seen('created', 'w/m/deep/brought')
      await space.run('echo x >$B/w/m/deep/made')
      await space.seen('created', 'w/m/deep/made')
      await space.run('umount $B/w/m; mount -t tmpfs none $B/w/n')
      // Nothing tells when it is watched but that it is.
      for (let i = 0; !space.changes.some(({ path }) => path?.startsWith(space.at('w/n/f'))) && i < 1000; i++)
        await space.run(`echo x >$B/w/n/f${i}`)
      // In a pid namespace of its own it says that it can name nobody.
      expect(space.problems.filter((problem) => !(nested() && problem.includes('a pid namespace of its own')))).toEqual([])
    })

    test('that covers a folder, and when it is gone what is done in that folder again', async () => {
      await using space = await MountSpace.watch(['w/**'], { flavour: name }, 'mkdir -p $B/w/m/deep')
      await space.run('mount -t tmpfs none $B/w/m; echo x >$B/w/m/above')
      await space.seen('created', 'w/m/above')
      await space.run('umount $B/w/m; echo x >$B/w/m/deep/below')
      await space.seen('created', 'w/m/deep/below')
    })

    test('that is another under the numbers of the one before it, when nobody looked in between', async () => {
      await using space = await MountSpace.watch(['w/**'], { flavour: name }, 'mkdir -p $B/w/m')
      await space.run('mount -t tmpfs none $B/w/m; echo x >$B/w/m/first')
      await space.seen('created', 'w/m/first')
      await space.run(
        'kill -STOP $PPID; umount $B/w/m; mount -t tmpfs none $B/w/m; mkdir $B/w/m/deep; echo x >$B/w/m/deep/second; kill -CONT $PPID',
      )
      await space.seen('created', 'w/m/deep/second')
      await space.run('echo x >$B/w/m/deep/third')
      await space.seen('created', 'w/m/deep/third')
    })

    test('over a folder on the way', async () => {
      await using space = await MountSpace.watch(['a/b/*.conf'], { flavour: name }, 'mkdir -p $B/a')
      await space.run('mount -t tmpfs none $B/a; mkdir $B/a/b; echo x >$B/a/b/first.conf')
      await space.seen('created', 'a/b/first.conf')
      await space.run('echo x >$B/a/b/second.conf; echo x >$B/a/b/no')
      await space.seen('created', 'a/b/second.conf')
      expect(space.changes.some(({ path }) => path?.endsWith('/no'))).toBe(false)
    })
  })

  describe('one folder at several places', () => {
    test('a change by either is told by the one that is watched', async () => {
      await using space = await MountSpace.watch(['w/**'], { flavour: name }, 'mkdir -p $B/w $B/real/deep')
      await space.run('mount --bind $B/real $B/w')
      for (let i = 0; !space.changes.some(({ path }) => path === space.at(`w/deep/f${i - 1}`)) && i < 1000; i++)
        await space.run(`echo x >$B/real/deep/f${i}`)
      await space.run('echo x >$B/w/deep/here; mv $B/real/deep/here $B/real/deep/there')
      await space.seen('created', 'w/deep/here')
      await space.seen('renamed', 'w/deep/there')
      expect(space.changes.filter(({ path }) => path?.startsWith(space.at('real')))).toEqual([])
    })

    test('a hard link is told by the name by which the file was changed', async () => {
      await using space = await MountSpace.watch(['w'], { flavour: name }, 'mkdir -p $B/w $B/other; echo x >$B/w/a; ln $B/w/a $B/other/b')
      await space.run('echo y >>$B/other/b; ln $B/other/b $B/w/c; echo z >>$B/w/a')
      await space.seen('linked', 'w/c')
      await space.seen('modified', 'w/a')
      expect(space.changes.filter(({ kind }) => kind === 'modified')).toHaveLength(1)
    })
  })

  test('layers: what is done to the merged folder is told by its path', async () => {
    await using space = await MountSpace.watch(['merged/**'], { flavour: name }, 'mkdir -p $B/layers $B/merged')
    await space.run('mount -t tmpfs none $B/layers; cd $B/layers; mkdir -p lower/deep upper work; echo x >lower/deep/a')
    await space.run('cd $B/layers; mount -t overlay none -o lowerdir=lower,upperdir=upper,workdir=work $B/merged')
    await space.seen('created', 'merged/deep/a')
    await space.run(
      'echo y >>$B/merged/deep/a; echo x >$B/merged/deep/b; mkdir $B/merged/new; mv $B/merged/deep/b $B/merged/deep/c; rm $B/merged/deep/c',
    )
    await space.seen('modified', 'merged/deep/a')
    for (const [kind, path] of [
      ['created', 'b'],
      ['renamed', 'c'],
      ['deleted', 'c'],
    ] as const)
      await space.seen(kind, `merged/deep/${path}`)
    await space.seen('created', 'merged/new')
    await space.run('echo x >$B/merged/new/d')
    expect((await space.seen('created', 'merged/new/d')).known).toBe(true)
  })

  test('a file system that never answers holds nothing up, wherever it is mounted', async () => {
    await using space = await MountSpace.watch(
      ['w/**', 'other/deep/**'],
      { flavour: name },
      'mkdir -p $B/w/hung $B/w/under/deep $B/other/deep',
    )
    const hang = (path: string) =>
      space.run(
        `'${generator('hung_fuse')}' $B/${path} >$B/out 2>&1 & echo $! >>$B/pids; until grep -q ready $B/out; do sleep 0.01; done; rm $B/out`,
      )
    // In a watched folder, over one, and over one on the way to what is watched.
    await hang('w/hung')
    await hang('w/under')
    await hang('other')
    await space.run('chmod 700 $B/w; echo x >$B/w/a; mkdir $B/w/new; echo x >$B/w/new/b')
    await space.seen('created', 'w/a')
    await space.seen('created', 'w/new/b')
    await space.run('true')
    for (const path of ['w/hung', 'w/under'])
      expect(space.problems.join()).toContain(`${space.at(path)} is on a network file system or FUSE`)
  })
})
