/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork_storm COUNT DONE: makes COUNT processes that end at once, one at a time, as fast as it goes; then makes the file DONE. Prints the
 * nanoseconds it took.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv)
{
	long count = argc == 3 ? atol(argv[1]) : 0;

	if (count <= 0) {
		fprintf(stderr, "usage: fork_storm COUNT DONE\n");
		return 2;
	}
	long long start = now_ns();
	for (long i = 0; i < count; i++) {
		int status;
		pid_t child = vfork();

		if (child == 0)
			_exit(0);
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0) {
			perror("fork_storm");
			return 1;
		}
	}
	long long took = now_ns() - start;
	int done = open(argv[2], O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (done < 0 || close(done) != 0) {
		perror("fork_storm: cannot make the file");
		return 1;
	}
	printf("%lld\n", took);
	return 0;
}
