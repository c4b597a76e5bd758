/* SPDX-License-Identifier: Apache-2.0 */
/* map_write FILE: changes the first byte of FILE through a shared mapping alone, never by write(2). */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd = argc == 2 ? open(argv[1], O_RDWR | O_CLOEXEC) : -1;
	char *bytes = fd < 0 ? MAP_FAILED : mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	if (bytes == MAP_FAILED) {
		perror("map_write");
		return 1;
	}
	bytes[0]++;
	return msync(bytes, 1, MS_SYNC) != 0;
}
