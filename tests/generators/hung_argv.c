/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process whose arguments and environment cannot be read: one thread reads, through /proc/self/mem, a page of a FUSE file that nobody ever
 * delivers and keeps the lock of the address space meanwhile; the main one waits to change the mappings; whoever reads /proc/PID/cmdline waits behind
 * both until this process ends. hung_argv FOLDER: an empty folder to mount on, in a mount namespace of its own. Says "ready" first.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/fuse.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE 4096UL
#define FILE_NODE 2
#define FILE_BYTES (1UL << 20)


static void answer(int fd, uint64_t unique, const void *body, size_t size)
{
	struct fuse_out_header header = { .len = (uint32_t)(sizeof(header) + size), .unique = unique };
	struct iovec parts[] = { { &header, sizeof(header) }, { (void *)body, size } };

	if (writev(fd, parts, 2) < 0)
		_exit(7);
}

static struct fuse_attr attributes(uint64_t node)
{
	return (struct fuse_attr){ .ino = node, .size = FILE_BYTES, .mode = node == FILE_NODE ? S_IFREG | 0644 : S_IFDIR | 0755, .nlink = 1 };
}

/* Everything is answered but reads: that one has come is told to `asked`. A process of its own: its end frees who waits. */
static void serve(int fd, int asked)
{
	static char request[FUSE_MIN_READ_BUFFER + 65536];

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) != 0)
		_exit(9);
	for (;;) {
		if (read(fd, request, sizeof(request)) < (ssize_t)sizeof(struct fuse_in_header))
			_exit(8);
		const struct fuse_in_header *in = (const void *)request;
		const struct fuse_init_in *init = (const void *)(in + 1);
		struct fuse_init_out up = { .major = FUSE_KERNEL_VERSION, .minor = init->minor, .max_write = PAGE, .max_readahead = PAGE };
		struct fuse_entry_out entry = { .nodeid = FILE_NODE, .entry_valid = 3600, .attr_valid = 3600, .attr = attributes(FILE_NODE) };
		struct fuse_attr_out about = { .attr_valid = 3600, .attr = attributes(in->nodeid) };
		struct fuse_open_out open = { 0 };

		if (in->opcode == FUSE_INIT)
			answer(fd, in->unique, &up, sizeof(up));
		else if (in->opcode == FUSE_LOOKUP)
			answer(fd, in->unique, &entry, sizeof(entry));
		else if (in->opcode == FUSE_GETATTR)
			answer(fd, in->unique, &about, sizeof(about));
		else if (in->opcode == FUSE_OPEN)
			answer(fd, in->unique, &open, sizeof(open));
		else if (in->opcode == FUSE_READ && write(asked, "", 1) != 1)
			_exit(9);
	}
}

static void *read_page(void *argument)
{
	char byte;
	int memory = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

	if (pread(memory, &byte, 1, (off_t)(uintptr_t)argument) < 0)
		_exit(9);
	return NULL;
}

int main(int argc, char **argv)
{
	char text[4096];
	pthread_t thread;
	void *page;
	int asked[2];

	int fuse = open("/dev/fuse", O_RDWR | O_CLOEXEC);
	if (argc != 2 || fuse < 0 || unshare(CLONE_NEWNS) != 0 || mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0)
		return 3;
	snprintf(text, sizeof(text), "fd=%d,rootmode=40000,user_id=%u,group_id=%u", fuse, getuid(), getgid());
	if (mount("hung", argv[1], "fuse", MS_NOSUID | MS_NODEV, text) != 0 || pipe2(asked, O_CLOEXEC) != 0)
		return 4;
	if (fork() == 0)
		serve(fuse, asked[1]);
	close(fuse);
	snprintf(text, sizeof(text), "%s/file", argv[1]);
	int file = open(text, O_RDONLY | O_CLOEXEC);
	page = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, file, 0);
	if (file < 0 || page == MAP_FAILED || pthread_create(&thread, NULL, read_page, page) != 0)
		return 5;
	if (read(asked[0], text, 1) != 1 || write(1, "ready\n", 6) != 6)
		return 6;
	for (;;)
		munmap(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), PAGE);
}
