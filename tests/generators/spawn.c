/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spawn PROGRAM [ARGUMENT...]: forks, executes PROGRAM in the child and waits. Copied under another name it plays that program's part as a
 * parent. "spawn -memfd [ARGUMENT...]" copies /bin/true into a memory file and executes that.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

static int memory_file(void)
{
	int from = open("/bin/true", O_RDONLY | O_CLOEXEC), to = memfd_create("payload", MFD_CLOEXEC);
	struct stat st;

	if (from < 0 || to < 0 || fstat(from, &st) < 0)
		return -1;
	for (off_t left = st.st_size; left > 0;) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)left);

		if (sent <= 0)
			return -1;
		left -= sent;
	}
	close(from);
	return to;
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr, "usage: spawn PROGRAM [ARGUMENT...] | spawn -memfd [ARGUMENT...]\n");
		return 2;
	}
	pid_t child = fork();
	int status;

	if (child == 0) {
		if (strcmp(argv[1], "-memfd") == 0) {
			int file = memory_file();

			if (file >= 0)
				fexecve(file, argv + 1, environ);
		} else {
			execv(argv[1], argv + 1);
		}
		perror("spawn");
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child) {
		perror("spawn");
		return 1;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
