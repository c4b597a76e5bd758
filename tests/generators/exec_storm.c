/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exec_storm COUNT [PER_SECOND [PROGRAM [ARGUMENT_BYTES]]]: forks COUNT times, each child executes PROGRAM (/bin/true) with an argument of its
 * own, "cws-<number>", padded to ARGUMENT_BYTES. One child at a time; PER_SECOND 0 is as fast as it goes. Prints the nanoseconds it took.
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void wait_until(long long when)
{
	struct timespec at = { .tv_sec = when / 1000000000, .tv_nsec = when % 1000000000 };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) != 0)
		;
}

int main(int argc, char **argv)
{
	long count = argc > 1 ? atol(argv[1]) : 0, rate = argc > 2 ? atol(argv[2]) : 0;
	char *program = argc > 3 ? argv[3] : "/bin/true";
	size_t bytes = argc > 4 ? (size_t)atol(argv[4]) : 0;
	char *argument = malloc(bytes + 64);
	char *environment[] = { NULL };

	if (count <= 0 || rate < 0 || bytes > 120000 || !argument) {
		fprintf(stderr, "usage: exec_storm COUNT [PER_SECOND [PROGRAM [ARGUMENT_BYTES]]]\n");
		return 2;
	}
	long long start = now_ns();
	for (long i = 0; i < count; i++) {
		if (rate)
			wait_until(start + i * 1000000000LL / rate);
		int length = snprintf(argument, 64, "cws-%ld", i);
		if ((size_t)length < bytes) {
			memset(argument + length, '.', bytes - (size_t)length);
			argument[bytes] = 0;
		}
		char *arguments[] = { program, argument, NULL };
		pid_t child = fork();
		int status;

		if (child == 0) {
			execve(program, arguments, environment);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
			perror("exec_storm");
			return 1;
		}
	}
	printf("%lld\n", now_ns() - start);
	free(argument);
	return 0;
}
