/* SPDX-License-Identifier: Apache-2.0 */
/* inotify_lines FOLDER: prints a line for each change in FOLDER, the least that a program can do to tell of one. A line "ready" comes first, on stderr. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char events[64 * 1024] __attribute__((aligned(8)));
	static char lines[1024 * 1024];
	int fd = inotify_init1(IN_CLOEXEC);

	if (argc < 2 || fd < 0 || inotify_add_watch(fd, argv[1], IN_CREATE | IN_MODIFY | IN_MOVE | IN_ATTRIB | IN_DELETE) < 0) {
		perror("inotify_lines");
		return 2;
	}
	fputs("ready\n", stderr);
	for (;;) {
		ssize_t got = read(fd, events, sizeof(events));
		size_t length = 0;

		if (got <= 0)
			return 1;
		for (char *at = events; at < events + got;) {
			const struct inotify_event *event = (const struct inotify_event *)at;

			if (event->len)
				length += (size_t)snprintf(lines + length, sizeof(lines) - length, "%x %s/%s\n", event->mask, argv[1], event->name);
			at += sizeof(*event) + event->len;
		}
		if (write(STDOUT_FILENO, lines, length) != (ssize_t)length)
			return 1;
	}
}
