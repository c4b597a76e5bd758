/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_latency COUNT GAP_US: COUNT times, GAP_US apart, forks a child that executes /bin/true with the argument "cws-at-<ns>", the
 * CLOCK_BOOTTIME just before its execve.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0, gap = argc > 2 ? atol(argv[2]) : 10000;

	if (count <= 0 || gap < 0) {
		fprintf(stderr, "usage: exec_latency COUNT GAP_US\n");
		return 2;
	}
	for (long i = 0; i < count; i++) {
		pid_t child = fork();

		if (child == 0) {
			char argument[64];
			char *arguments[] = { "/bin/true", argument, NULL }, *environment[] = { NULL };
			struct timespec now;

			clock_gettime(CLOCK_BOOTTIME, &now);
			snprintf(argument, sizeof(argument), "cws-at-%lld", now.tv_sec * 1000000000LL + now.tv_nsec);
			execve("/bin/true", arguments, environment);
			_exit(127);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child) {
			perror("exec_latency");
			return 1;
		}
		usleep((useconds_t)gap);
	}
	return 0;
}
