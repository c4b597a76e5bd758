/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "log.h"

#include <bpf/libbpf.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KEPT = 16 * 1024 };

static __thread struct {
	bool on;
	size_t used;
	char text[KEPT];
} kept;

static void keep(const char *text, size_t length)
{
	if (length >= KEPT) {
		text += length - (KEPT - 1);
		length = KEPT - 1;
	}
	if (kept.used + length >= KEPT) {
		size_t drop = kept.used + length - (KEPT - 1);

		memmove(kept.text, kept.text + drop, kept.used - drop);
		kept.used -= drop;
	}
	memcpy(kept.text + kept.used, text, length);
	kept.used += length;
	kept.text[kept.used] = 0;
}

/* libbpf prints a verifier log as one message of up to megabytes. */
static int print(enum libbpf_print_level level, const char *format, va_list values)
{
	char *text = NULL;
	int length;

	if (!kept.on || level == LIBBPF_DEBUG)
		return 0;
	length = vasprintf(&text, format, values);
	if (length < 0)
		return 0;
	keep(text, (size_t)length);
	free(text);
	return length;
}

static void hook(void)
{
	libbpf_set_print(print);
}

void cws_log_start(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, hook);
	kept.on = true;
	kept.used = 0;
	kept.text[0] = 0;
}

const char *cws_log_stop(void)
{
	kept.on = false;
	return kept.text;
}
