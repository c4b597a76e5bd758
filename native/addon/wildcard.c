/* SPDX-License-Identifier: Apache-2.0 */
#include "wildcard.h"

#include <stdint.h>
#include <string.h>

bool cws_wildcard_in(const char *text, size_t length)
{
	return memchr(text, '*', length) || memchr(text, '?', length) || memchr(text, '[', length);
}

/* The character at `text`, which is not at `end`, and its bytes. */
static size_t decode(const char *text, const char *end, uint32_t *character)
{
	uint8_t first = (uint8_t)*text;
	size_t length = first < 0x80 ? 1 : first >= 0xf0 && first < 0xf8 ? 4 : first >= 0xe0 && first < 0xf0 ? 3 : first >= 0xc0 && first < 0xe0 ? 2 : 0;

	*character = first < 0x80 ? first : first & (0x7fu >> length);
	for (size_t i = 1; i < length; i++) {
		if (text + i == end || ((uint8_t)text[i] & 0xc0) != 0x80) {
			length = 0;
			break;
		}
		*character = *character << 6 | ((uint8_t)text[i] & 0x3f);
	}
	if (length > 0)
		return length;
	*character = 0x110000u + first;
	return 1;
}

/* Behind the `]` of the set that begins at `[`, or NULL. The first character of a set may be `]` itself. */
static const char *set_end(const char *set, const char *end)
{
	const char *at = set + 1;

	if (at < end && (*at == '!' || *at == '^'))
		at++;
	if (at < end)
		at++;
	const char *close = at < end ? memchr(at, ']', (size_t)(end - at)) : NULL;
	return close ? close + 1 : NULL;
}

static bool in_set(const char *set, const char *close, uint32_t wanted)
{
	const char *at = set + 1;
	bool other = *at == '!' || *at == '^', found = false;

	for (at += other; at < close;) {
		uint32_t low, high;

		at += decode(at, close, &low);
		high = low;
		if (close - at >= 2 && *at == '-')
			at += 1 + decode(at + 1, close, &high);
		found |= low <= wanted && wanted <= high;
	}
	return found != other;
}

bool cws_wildcard_valid(const char *pattern, size_t length)
{
	const char *end = pattern + length;

	for (const char *at = pattern; at && at < end;) {
		at = *at == '[' ? set_end(at, end) : at + 1;
		if (!at)
			return false;
	}
	return true;
}

/* One character against one place of the pattern, no star: the bytes of the text that it takes, or 0. Moves the pattern on. */
static size_t one(const char **pattern, const char *pattern_end, const char *text, const char *end)
{
	uint32_t character;
	size_t length;

	if (*pattern == pattern_end)
		return 0;
	switch (**pattern) {
	case '?':
		length = decode(text, end, &character);
		++*pattern;
		return length;
	case '[': {
		const char *behind = set_end(*pattern, pattern_end);

		length = decode(text, end, &character);
		if (!behind || !in_set(*pattern, behind - 1, character))
			return 0;
		*pattern = behind;
		return length;
	}
	default:
		return **pattern == *text ? (++*pattern, 1) : 0;
	}
}

bool cws_wildcard_match(const char *pattern, size_t pattern_length, const char *text, size_t length)
{
	const char *pattern_end = pattern + pattern_length, *end = text + length;
	const char *star = NULL, *retry = NULL; /* behind the last star, and where what follows it was tried last */

	while (text < end) {
		if (pattern < pattern_end && *pattern == '*') {
			star = ++pattern;
			retry = text;
			continue;
		}
		size_t took = one(&pattern, pattern_end, text, end);
		if (took == 0 && !star)
			return false;
		if (took == 0) {
			pattern = star;
			text = ++retry;
		} else {
			text += took;
		}
	}
	while (pattern < pattern_end && *pattern == '*')
		pattern++;
	return pattern == pattern_end;
}
