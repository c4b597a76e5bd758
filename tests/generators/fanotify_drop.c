/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fanotify_drop FOLDER: marks the folder as the agent does, reads what comes every 20 ms and drops it. What the kernel itself asks of those who
 * change files there, whoever listens. Prints "ready", ends with its standard input.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/fanotify.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char buffer[256 * 1024];
	const uint64_t mask = FAN_CREATE | FAN_DELETE | FAN_MODIFY | FAN_ATTRIB | FAN_ONDIR | FAN_EVENT_ON_CHILD | FAN_RENAME;
	int group = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK | FAN_REPORT_DFID_NAME_TARGET | FAN_UNLIMITED_QUEUE, O_RDONLY);

	if (argc != 2 || group < 0 || fanotify_mark(group, FAN_MARK_ADD | FAN_MARK_ONLYDIR, mask, AT_FDCWD, argv[1])) {
		perror("fanotify_drop FOLDER");
		return 1;
	}
	puts("ready");
	fflush(stdout);
	for (struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN }; poll(&input, 1, 20) == 0;)
		while (read(group, buffer, sizeof(buffer)) > 0)
			;
	return 0;
}
