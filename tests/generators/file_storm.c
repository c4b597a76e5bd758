/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file_storm FOLDER ROUNDS [PER_SECOND [PREFIX]]: ROUNDS times, PER_SECOND (0: as fast as it goes), creates PREFIXf<number> in FOLDER, writes to
 * it, renames it to PREFIXr<number>, changes its mode and deletes it. Prints the nanoseconds it took.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
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
	long rounds = argc > 2 ? atol(argv[2]) : 0, rate = argc > 3 ? atol(argv[3]) : 0;
	const char *prefix = argc > 4 ? argv[4] : "";
	char first[4096], second[4096];

	if (rounds <= 0 || rate < 0) {
		fprintf(stderr, "usage: file_storm FOLDER ROUNDS [PER_SECOND [PREFIX]]\n");
		return 2;
	}
	long long start = now_ns();
	for (long i = 0; i < rounds; i++) {
		if (rate)
			wait_until(start + i * 1000000000LL / rate);
		snprintf(first, sizeof(first), "%s/%sf%ld", argv[1], prefix, i);
		snprintf(second, sizeof(second), "%s/%sr%ld", argv[1], prefix, i);
		int fd = open(first, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, "x", 1) != 1 || close(fd) || rename(first, second) || chmod(second, 0640) || unlink(second)) {
			perror(first);
			return 1;
		}
	}
	printf("%lld\n", now_ns() - start);
	return 0;
}
