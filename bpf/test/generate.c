// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/*
 * generate WHAT ARGUMENT...: does one thing that the programs must see, in the plainest way. Linked statically, so that it runs in an empty root.
 * What it executes is itself, as `generate exit CODE ...`, unless an argument names a file.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;
static const char self[] = "/proc/self/exe";

static int check(int result, const char *what)
{
	if (result < 0) {
		fprintf(stderr, "generate: %s: %s\n", what, strerror(errno));
		_exit(99);
	}
	return result;
}

static int run(const char *file, const char *code, const char *mark)
{
	execl(file, "generate", "exit", code, mark, NULL);
	return check(-1, file);
}

static void reap(pid_t child)
{
	int status;

	check(waitpid(child, &status, __WALL), "waitpid");
}

/* A copy of this program behind a descriptor. */
static int copy_into(int to)
{
	int from = check(open(self, O_RDONLY | O_CLOEXEC), self);
	struct stat st;

	check(fstat(from, &st), "fstat");
	for (off_t left = st.st_size; left > 0;)
		left -= check(sendfile(to, from, NULL, left), "sendfile");
	close(from);
	return to;
}

static void copy_to(const char *path)
{
	close(copy_into(check(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0755), path)));
}

static int run_fd(int fd, const char *mark)
{
	char *argv[] = {"generate", "exit", "0", (char *)mark, NULL};

	check(syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH), "execveat");
	return 1;
}

static int in_memfd(char **a) /* NAME MARK */
{
	char path[64];
	int fd = copy_into(check(memfd_create(a[0], 0), "memfd_create"));

	/* A file open for writing is not executed. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	int reader = check(open(path, O_RDONLY | O_CLOEXEC), path);

	close(fd);
	return run_fd(reader, a[1]);
}

static int unlinked(char **a) /* FILE MARK */
{
	copy_to(a[0]);
	int fd = check(open(a[0], O_RDONLY | O_CLOEXEC), a[0]);

	check(unlink(a[0]), "unlink");
	return run_fd(fd, a[1]);
}

static int detached(char **a) /* FOLDER MARK */
{
	char path[4096];

	check(unshare(CLONE_NEWNS), "unshare");
	check(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), "mount /");
	check(mount("cws", a[0], "tmpfs", 0, NULL), "mount");
	snprintf(path, sizeof(path), "%s/program", a[0]);
	copy_to(path);
	int fd = check(open(path, O_RDONLY | O_CLOEXEC), path);

	check(umount2(a[0], MNT_DETACH), "umount");
	return run_fd(fd, a[1]);
}

static int in_chroot(char **a) /* ROOT FILE MARK: FILE as seen from inside */
{
	check(chroot(a[0]), "chroot");
	check(chdir("/"), "chdir");
	return run(a[1], "0", a[2]);
}

static int deep(char **a) /* FOLDER LEVELS NAME MARK */
{
	check(chdir(a[0]), a[0]);
	for (int i = 0; i < atoi(a[1]); i++) {
		if (mkdir(a[2], 0700) && errno != EEXIST)
			check(-1, "mkdir");
		check(chdir(a[2]), "chdir");
	}
	copy_to("program");
	return run("./program", "0", a[3]);
}

static void spawn(char **argv)
{
	pid_t child = vfork();

	if (!child) {
		execv(self, argv);
		_exit(98);
	}
	reap(check(child, "vfork"));
}

static int by_vfork(char **a) /* MARK */
{
	spawn((char *[]){"generate", "exit", "0", a[0], NULL});
	return 0;
}

static int by_clone3(char **a) /* MARK */
{
	struct clone_args args = {.exit_signal = SIGCHLD, .flags = CLONE_PARENT_SETTID};
	int32_t tid;

	args.parent_tid = (uint64_t)(uintptr_t)&tid;
	pid_t child = check(syscall(SYS_clone3, &args, sizeof(args)), "clone3");

	if (!child)
		run(self, "0", a[0]);
	reap(child);
	return 0;
}

static int sibling(char **a) /* MARK: a child whose parent is ours */
{
	struct clone_args args = {.flags = CLONE_PARENT};
	pid_t child = check(syscall(SYS_clone3, &args, sizeof(args)), "clone3");

	if (!child)
		run(self, "0", a[0]);
	return 0;
}

static int double_fork(char **a) /* MARK: the grandchild outlives the child and is adopted by us */
{
	check(prctl(PR_SET_CHILD_SUBREAPER, 1), "subreaper");
	pid_t child = check(fork(), "fork");

	if (!child) {
		pid_t me = getpid();

		if (!check(fork(), "fork")) {
			while (getppid() == me)
				sched_yield();
			run(self, "0", a[0]);
		}
		_exit(0);
	}
	reap(child);
	reap(-1);
	return 0;
}

static void *exec_in_thread(void *mark)
{
	run(self, "0", mark);
	return NULL;
}

static int by_thread(char **a) /* MARK */
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, exec_in_thread, a[0]))
		return 99;
	pthread_join(thread, NULL);
	return 99;
}

static void *end_last(void *leader)
{
	pthread_join((pthread_t)leader, NULL);
	syscall(SYS_exit, 7); /* of this thread alone: the process ends with what its leader said */
	return NULL;
}

static int leader_first(char **a)
{
	pthread_t thread;

	(void)a;
	if (pthread_create(&thread, NULL, end_last, (void *)pthread_self()))
		return 99;
	pthread_exit(NULL);
}

static int by_signal(char **a) /* NUMBER */
{
	struct rlimit limit = {0, 0};

	prctl(PR_SET_DUMPABLE, 0);
	setrlimit(RLIMIT_CORE, &limit);
	raise(atoi(a[0]));
	return 99;
}

static int in_namespaces(char **a) /* FILE MARK: everything new but the user namespace; pid 1 */
{
	check(unshare(CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWCGROUP | CLONE_NEWNET), "unshare");
	pid_t child = check(fork(), "fork");

	if (!child)
		run(a[0], "0", a[1]);
	reap(child);
	return 0;
}

static int as_user(char **a) /* UID GID FILE MARK */
{
	gid_t gid = atoi(a[1]);
	uid_t uid = atoi(a[0]);

	check(setresgid(gid, gid + 1, gid), "setresgid");
	check(setresuid(uid, uid + 1, uid), "setresuid");
	return run(a[2], "0", a[3]);
}

static int bytes(char **a) /* HEX...: argv is exactly these bytes */
{
	char *argv[16] = {0};

	for (int i = 0; a[i] && i < 15; i++) {
		size_t len = strlen(a[i]) / 2;

		argv[i] = calloc(1, len + 1);
		for (size_t j = 0; j < len; j++) {
			char two[3] = {a[i][2 * j], a[i][2 * j + 1], 0};

			argv[i][j] = strtol(two, NULL, 16);
		}
	}
	execv("/bin/true", argv);
	return check(-1, "execv");
}

static int storm(char **a) /* COUNT BYTES MARK: so many execs, each with its number and an argument of so many bytes */
{
	size_t size = strtoul(a[1], NULL, 10);
	char *filler = malloc(size + 1), number[16];

	if (!filler)
		return 99;
	memset(filler, 'x', size);
	filler[size] = 0;
	for (int i = 0; i < atoi(a[0]); i++) {
		snprintf(number, sizeof(number), "%d", i);
		spawn((char *[]){"generate", "exit", "0", a[2], number, filler, NULL});
	}
	free(filler);
	return 0;
}

static int end(char **a) /* CODE ... */
{
	return atoi(a[0]);
}

static const struct {
	const char *name;
	int arguments;
	int (*run)(char **);
} all[] = {
	{"exit", 1, end}, {"memfd", 2, in_memfd}, {"unlinked", 2, unlinked}, {"detached", 2, detached}, {"chroot", 3, in_chroot},
	{"deep", 4, deep}, {"vfork", 1, by_vfork}, {"clone3", 1, by_clone3}, {"sibling", 1, sibling}, {"double-fork", 1, double_fork},
	{"thread", 1, by_thread}, {"leader-first", 0, leader_first}, {"signal", 1, by_signal}, {"namespaces", 2, in_namespaces},
	{"user", 4, as_user}, {"bytes", 1, bytes}, {"storm", 3, storm},
};

int main(int argc, char **argv)
{
	for (size_t i = 0; argc > 1 && i < sizeof(all) / sizeof(all[0]); i++)
		if (!strcmp(argv[1], all[i].name) && argc - 2 >= all[i].arguments)
			return all[i].run(argv + 2);
	fprintf(stderr, "generate: what?\n");
	return 99;
}
