/* SPDX-License-Identifier: Apache-2.0 */
/* One segment of a glob: `*`, `?`, `[a-z]`, `[!a-z]`. Characters are those of UTF-8; a byte that is none stands for itself. */
#ifndef CWS_WILDCARD_H
#define CWS_WILDCARD_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the text holds any wildcard. */
bool cws_wildcard_in(const char *text, size_t length);
/* Whether every `[` is closed. */
bool cws_wildcard_valid(const char *pattern, size_t length);
/* Whether the whole text matches a valid pattern; at most pattern × text steps. */
bool cws_wildcard_match(const char *pattern, size_t pattern_length, const char *text, size_t length);

#endif
