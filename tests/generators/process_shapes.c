/* SPDX-License-Identifier: Apache-2.0 */
/*
 * process_shapes SHAPE MARK [FILE]: reaches an exec of /bin/true with the argument MARK in an unusual way:
 *
 *   plain       fork, exec
 *   vfork       vfork, exec
 *   double      a grandchild executes after its parent has ended
 *   chain       the process executes itself twice before
 *   thread      a thread that is not the leader executes
 *   memfd       the program is copied into a memory file
 *   unlinked    FILE, a copy of the program, has lost its name
 *   bytes       the arguments hold bytes that are no UTF-8, a newline, and nothing
 *   reuse       the pid belonged to another process just before, which ran FILE
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *program = "/bin/true", *mark, *file, *self;

static int fail(const char *what)
{
	perror(what);
	_exit(1);
}

static void execute(void)
{
	char *arguments[] = { program, mark, NULL }, *environment[] = { NULL };

	execve(program, arguments, environment);
	fail("execve");
}

static int reap(pid_t child)
{
	int status;

	if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
		return fail("child");
	return 0;
}

static int plain(void)
{
	pid_t child = fork();

	if (child == 0)
		execute();
	return reap(child);
}

static int with_vfork(void)
{
	pid_t child = vfork();

	if (child == 0)
		execute();
	return reap(child);
}

/* The pipe's only writer is the middle process: its end is read when that has ended. */
static int twice(void)
{
	int ended[2], done[2];
	char byte;
	pid_t middle;

	if (pipe(ended) || pipe(done))
		return fail("pipe");
	middle = fork();
	if (middle == 0) {
		pid_t parent = getpid();

		if (fork() == 0) {
			close(ended[1]);
			while (read(ended[0], &byte, 1) > 0)
				;
			while (getppid() == parent) /* its files are closed before its children are given away */
				usleep(1000);
			execute();
		}
		_exit(0);
	}
	close(ended[1]);
	close(done[1]);
	reap(middle);
	while (read(done[0], &byte, 1) > 0) /* until the grandchild's copy is closed too */
		;
	return 0;
}

static int chained(void)
{
	char *arguments[] = { self, "chain2", mark, NULL }, *environment[] = { NULL };
	pid_t child = fork();

	if (child == 0) {
		execve(self, arguments, environment);
		fail("execve");
	}
	return reap(child);
}

static void *thread(void *nothing)
{
	(void)nothing;
	execute();
	return NULL;
}

static int threaded(void)
{
	pid_t child = fork();

	if (child == 0) {
		pthread_t id;

		if (pthread_create(&id, NULL, thread, NULL))
			fail("pthread_create");
		for (;;)
			pause();
	}
	return reap(child);
}

/* Executes what a descriptor is open on. */
static int by_descriptor(int fd)
{
	char *arguments[] = { "nameless", mark, NULL }, *environment[] = { NULL };
	pid_t child = fork();

	if (child == 0) {
		syscall(SYS_execveat, fd, "", arguments, environment, AT_EMPTY_PATH);
		fail("execveat");
	}
	return reap(child);
}

static int memory_file(void)
{
	int from = open(program, O_RDONLY | O_CLOEXEC), to = memfd_create("cws shape", MFD_CLOEXEC);
	struct stat stat;

	if (from < 0 || to < 0 || fstat(from, &stat) || sendfile(to, from, NULL, (size_t)stat.st_size) != stat.st_size)
		return fail("memfd");
	return by_descriptor(to);
}

static int unlinked(void)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || unlink(file))
		return fail(file);
	return by_descriptor(fd);
}

static int odd_bytes(void)
{
	char *arguments[] = { program, mark, "\xff\xfe", "a\nb", "", "\\xff", "k\xc3\xa4se", NULL }, *environment[] = { NULL };
	pid_t child = fork();

	if (child == 0) {
		execve(program, arguments, environment);
		fail("execve");
	}
	return reap(child);
}

static int reused(void)
{
	char *arguments[] = { file, NULL }, *environment[] = { NULL };
	pid_t first = fork(), again[1];
	struct clone_args args = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)again, .set_tid_size = 1 };

	if (first == 0) {
		execve(file, arguments, environment);
		fail("execve");
	}
	reap(first);
	again[0] = first;
	first = (pid_t)syscall(SYS_clone3, &args, sizeof(args));
	if (first == 0)
		execute();
	return reap(first);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(void);
	} shapes[] = {
		{ "plain", plain },   { "vfork", with_vfork }, { "double", twice },    { "chain", chained }, { "thread", threaded },
		{ "memfd", memory_file }, { "unlinked", unlinked }, { "bytes", odd_bytes }, { "reuse", reused },
	};

	if (argc < 3)
		return 2;
	self = argv[0];
	mark = argv[2];
	file = argc > 3 ? argv[3] : NULL;
	if (!strcmp(argv[1], "chain2")) {
		char *next[] = { self, "chain3", mark, NULL }, *environment[] = { NULL };

		execve(self, next, environment);
		fail("execve");
	}
	if (!strcmp(argv[1], "chain3"))
		execute();
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++)
		if (!strcmp(argv[1], shapes[i].name))
			return shapes[i].run();
	fprintf(stderr, "process_shapes: no shape %s\n", argv[1]);
	return 2;
}
