/* SPDX-License-Identifier: Apache-2.0 */
/* file_latency FOLDER COUNT GAP_US: COUNT times, GAP_US apart, creates a file "cws-at-<ns>" in FOLDER, the CLOCK_BOOTTIME just before. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[2]) : 0, gap = argc > 3 ? atol(argv[3]) : 10000;

	if (count <= 0 || gap < 0) {
		fprintf(stderr, "usage: file_latency FOLDER COUNT GAP_US\n");
		return 2;
	}
	for (long i = 0; i < count; i++) {
		char path[4096];
		struct timespec now;

		clock_gettime(CLOCK_BOOTTIME, &now);
		snprintf(path, sizeof(path), "%s/cws-at-%lld", argv[1], now.tv_sec * 1000000000LL + now.tv_nsec);
		int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		if (fd < 0 || close(fd)) {
			perror(path);
			return 1;
		}
		usleep((useconds_t)gap);
	}
	return 0;
}
