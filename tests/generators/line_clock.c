/* SPDX-License-Identifier: Apache-2.0 */
/*
 * line_clock: reads lines; for the first line that holds a given "cws-at-<ns>" prints how many nanoseconds after that (CLOCK_BOOTTIME) it
 * was readable, one number a line. The clock is read right after read() returns, before the bytes are looked at. Other lines pass to stderr
 * if they hold "kind":"status".
 */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 1 << 20 };

static long long boottime_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(void)
{
	char *line = malloc(LINE_MAX_BYTES + 1);
	size_t have = 0;
	long long last = 0;

	if (!line)
		return 1;
	for (;;) {
		ssize_t got = read(STDIN_FILENO, line + have, LINE_MAX_BYTES - have);
		long long now = boottime_ns();
		char *start = line, *end;

		if (got <= 0)
			return got < 0;
		have += (size_t)got;
		line[have] = 0;
		while ((end = memchr(start, '\n', have - (size_t)(start - line)))) {
			char *marker;

			*end = 0;
			marker = strstr(start, "cws-at-");
			if (marker) {
				long long at = atoll(marker + strlen("cws-at-"));

				if (at != last)
					printf("%lld\n", now - at);
				last = at;
				fflush(stdout);
			} else if (strstr(start, "\"kind\":\"status\"")) {
				fprintf(stderr, "%s\n", start);
			}
			start = end + 1;
		}
		have -= (size_t)(start - line);
		memmove(line, start, have);
		if (have == LINE_MAX_BYTES)
			have = 0;
	}
}
