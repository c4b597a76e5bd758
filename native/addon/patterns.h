/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which paths are wanted: globs, compiled once. `*` is any run of characters within one segment, `?` one character, `[a-z]` and `[!a-z]` one of
 * a set; a segment `**` is any number of segments, at least one at the end. A glob without any of these means that path and all below it.
 */
#ifndef CWS_PATTERNS_H
#define CWS_PATTERNS_H

#include <stdbool.h>
#include <stddef.h>

struct cws_patterns;

enum cws_reach {
	CWS_REACH_ENTRIES = 1, /* entries of the directory may be wanted */
	CWS_REACH_DEEPER = 2,  /* what is below its directories may be */
};

/* Held once; NULL when there is no memory. */
struct cws_patterns *cws_patterns_open(void);
void cws_patterns_hold(struct cws_patterns *patterns);
void cws_patterns_release(struct cws_patterns *patterns);

/* `ignored`: what it matches is not wanted, nor what is below that, whatever else matches. Absolute, without empty, `.` or `..` segments: -EINVAL. -E2BIG, -ENOMEM. */
int cws_patterns_add(struct cws_patterns *patterns, const char *glob, size_t length, bool ignored);

/* Whether the path, absolute and in its one form, is wanted. */
bool cws_patterns_match(const struct cws_patterns *patterns, const char *path, size_t length);
/* What of the directory of this path may be wanted: bits of enum cws_reach. */
unsigned int cws_patterns_reach(const struct cws_patterns *patterns, const char *path, size_t length);

#endif
