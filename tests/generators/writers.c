/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writers SEED ROUNDS FOLDER PROGRAMS KINDS PID: processes that live for a moment, write files and become other programs. Each file's name is that
 * of the image that made it: the second argument of its command line ("image NAME ..."), or "main" for a fork of this program. PROGRAMS is a
 * folder with copies of this program: a, b, s (a script that a interprets), bad (no program), and, where there are such, t and o on other file
 * systems. KINDS: "ordinary" or "all". PID: the number that all of them have (CAP_SYS_ADMIN); 0: each its own. What one process does is a plan: letters, done one after another.
 *
 *   w  makes a file          b  tries to execute what is no program     e  tries to execute b with too many arguments
 *   T  a thread makes files until the process executes                  >X becomes program X: a b s t o, A by descriptor, M from memory
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* The first ORDINARY are what programs do every day; of the others some can be told of nobody for sure. */
enum { ORDINARY = 12, PLANS = 22 };
static const char *const PLAN[PLANS] = { ">aw", ">aww", ">aw>b", ">aw>bw", "w>aw", "w>a", ">Aw", ">sw", ">sw>bw", "bw>aw", ">abw>bw", ">tw>bw",
	">aw>aw", ">aw>bw>aw", ">bw>sw>aw", ">aew>aw", ">awew>sw", ">Mw", ">aw>Mw>bw", ">aT>bw", ">ow>aw", ">aw>ow" };

static const char *folder, *programs, *name;
static int made, written;

static void write_file(const char *suffix, int number)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s.%s%d", folder, name, suffix, number);
	int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 || write(fd, "x", 1) != 1)
		_exit(3);
	close(fd);
}

static void *write_on(void *unused)
{
	(void)unused;
	for (int i = 0; i < 500; i++) {
		write_file("t", i);
		__atomic_add_fetch(&written, 1, __ATOMIC_RELAXED);
	}
	return NULL;
}

static int memory_copy(void)
{
	char path[4096];
	snprintf(path, sizeof(path), "%s/a", programs);
	int from = open(path, O_RDONLY | O_CLOEXEC), to = memfd_create("a", MFD_CLOEXEC);
	while (sendfile(to, from, NULL, 1 << 20) > 0)
		;
	close(from);
	return to;
}

static void become(char target, const char *plan)
{
	char next[256], path[4096];
	const char *step = strrchr(name, '-');

	if (strcmp(name, "main") == 0)
		snprintf(next, sizeof(next), "%s", getenv("ROUND"));
	else
		snprintf(next, sizeof(next), "%.*s-%d", (int)(step - name), name, atoi(step + 1) + 1);
	char *arguments[] = { path, "image", next, (char *)folder, (char *)programs, (char *)plan, NULL };

	snprintf(path, sizeof(path), "%s/%c", programs, target == 'A' ? 'a' : target);
	if (target == 'A')
		fexecve(open(path, O_RDONLY | O_CLOEXEC), arguments, environ);
	else if (target == 'M')
		fexecve(memory_copy(), arguments, environ);
	else
		execv(path, arguments);
	_exit(errno == ENOENT ? 0 : 4);
}

static void try_in_vain(const char *program, bool long_arguments)
{
	char path[4096], *large = malloc(256 * 1024);

	memset(large, 'x', 256 * 1024 - 1);
	large[256 * 1024 - 1] = 0;
	snprintf(path, sizeof(path), "%s/%s", programs, program);
	char *arguments[] = { path, long_arguments ? large : NULL, NULL };
	execv(path, arguments);
	free(large);
}

static void carry_out(const char *plan)
{
	pthread_t thread;

	for (; *plan; plan++) {
		if (*plan == 'w')
			write_file("", made++);
		else if (*plan == 'b')
			try_in_vain("bad", false);
		else if (*plan == 'e')
			try_in_vain("b", true);
		else if (*plan == 'T') {
			pthread_create(&thread, NULL, write_on, NULL);
			while (!__atomic_load_n(&written, __ATOMIC_RELAXED))
				sched_yield();
		} else if (*plan == '>')
			become(plan[1], plan + 2);
	}
	_exit(0);
}

static pid_t begin(pid_t pid)
{
	struct clone_args arguments = { .exit_signal = SIGCHLD, .set_tid = (uint64_t)(uintptr_t)&pid, .set_tid_size = 1 };

	return pid ? (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments)) : fork();
}

int main(int argc, char **argv)
{
	uint64_t random;
	char round[32];
	int status;

	/* As an interpreter: behind the script's name. */
	if (argc > 2 && strcmp(argv[1], "image") != 0 && strcmp(argv[2], "image") == 0) {
		argv++;
		argc--;
	}
	if (argc == 6 && strcmp(argv[1], "image") == 0) {
		name = argv[2];
		folder = argv[3];
		programs = argv[4];
		carry_out(argv[5]);
	}
	if (argc < 7)
		return 2;
	random = strtoull(argv[1], NULL, 10) * 2 + 1;
	folder = argv[3];
	programs = argv[4];
	const int plans = strcmp(argv[5], "ordinary") == 0 ? ORDINARY : PLANS;
	name = "main";
	for (int i = 0; i < atoi(argv[2]); i++) {
		random = random * 6364136223846793005ull + 1442695040888963407ull;
		made = i * 10;
		snprintf(round, sizeof(round), "r%d-0", i);
		setenv("ROUND", round, 1);
		pid_t child = begin(atoi(argv[6]));
		if (child == 0)
			carry_out(PLAN[(random >> 33) % plans]);
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
			fprintf(stderr, "round %d, plan %s: %d, status %x: %s\n", i, PLAN[(random >> 33) % plans], (int)child, status, strerror(errno));
			return 1;
		}
	}
	return 0;
}
