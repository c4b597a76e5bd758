/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open_storm OPENS THREADS FILE...: opens and closes the files in turn, so often in all. Prints how long it took, in seconds.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static char **files;
static int file_count;
static long each;

static void *storm(void *unused)
{
	(void)unused;
	for (long i = 0; i < each; i++) {
		int fd = open(files[i % file_count], O_RDONLY | O_CLOEXEC);

		if (fd < 0)
			exit(1);
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct timespec begin, end;
	pthread_t threads[64];

	if (argc < 4)
		return 2;
	int count = atoi(argv[2]);
	if (count < 1 || count > 64)
		return 2;
	each = atol(argv[1]) / count;
	files = argv + 3;
	file_count = argc - 3;
	clock_gettime(CLOCK_MONOTONIC, &begin);
	for (int i = 0; i < count; i++)
		if (pthread_create(&threads[i], NULL, storm, NULL))
			return 1;
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	clock_gettime(CLOCK_MONOTONIC, &end);
	printf("%.6f\n", (double)(end.tv_sec - begin.tv_sec) + (double)(end.tv_nsec - begin.tv_nsec) / 1e9);
	return 0;
}
