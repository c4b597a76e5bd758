/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "saturation.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

static const uint64_t AGE = 200 * 1000000; /* ns */
static const double IDLE_SHARE = 0.05;

void cws_saturation_open(struct cws_saturation *saturation)
{
	*saturation = (struct cws_saturation){ .fd = open("/proc/uptime", O_RDONLY | O_CLOEXEC), .cores = sysconf(_SC_NPROCESSORS_ONLN) };
}

void cws_saturation_close(struct cws_saturation *saturation)
{
	if (saturation->fd >= 0)
		close(saturation->fd);
	saturation->fd = -1;
}

/* The second number of /proc/uptime: seconds of idleness summed over the cores, in steps of 10 ms. Negative when unreadable. */
static double read_idle(int fd)
{
	char text[64];
	char *second;
	ssize_t length = fd < 0 ? -1 : pread(fd, text, sizeof(text) - 1, 0);

	if (length <= 0)
		return -1;
	text[length] = 0;
	strtod(text, &second);
	return strtod(second, NULL);
}

bool cws_saturated(struct cws_saturation *saturation, uint64_t now)
{
	uint64_t past = now - saturation->asked;

	if (past < AGE)
		return saturation->verdict;
	double idle = read_idle(saturation->fd);
	/* An old reading says nothing about this storm: it only starts the measurement. */
	saturation->verdict = idle >= 0 && past < 5 * AGE && (idle - saturation->idle) < IDLE_SHARE * (double)past / 1e9 * (double)saturation->cores;
	saturation->asked = now;
	saturation->idle = idle;
	return saturation->verdict;
}
