/* SPDX-License-Identifier: Apache-2.0 */
#include "patterns.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "wildcard.h"

/* Positions are bits of one word: position i = the first i parts are matched. */
enum { PARTS_MAX = 62, GLOB_MAX = 4096 };

struct part {
	const char *text;
	uint32_t length;
	bool literal, star, crossing; /* star: `*` alone; crossing: `**` */
};

struct pattern {
	struct part parts[PARTS_MAX];
	int count;
	int head_parts;       /* literal ones at the start */
	uint32_t head_length; /* of their text, with the slash before each */
	char text[];
};

struct list {
	struct pattern **items;
	size_t count;
};

struct cws_patterns {
	atomic_int held;
	struct list wanted, ignored;
};

struct cws_patterns *cws_patterns_open(void)
{
	struct cws_patterns *patterns = calloc(1, sizeof(*patterns));

	if (patterns)
		atomic_init(&patterns->held, 1);
	return patterns;
}

void cws_patterns_hold(struct cws_patterns *patterns)
{
	atomic_fetch_add(&patterns->held, 1);
}

static void drop(struct list *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
}

void cws_patterns_release(struct cws_patterns *patterns)
{
	if (!patterns || atomic_fetch_sub(&patterns->held, 1) != 1)
		return;
	drop(&patterns->wanted);
	drop(&patterns->ignored);
	free(patterns);
}

static bool add_part(struct pattern *pattern, const char *text, size_t length)
{
	bool dots = (length == 1 && text[0] == '.') || (length == 2 && text[0] == '.' && text[1] == '.');

	if (length == 0 || dots || pattern->count > PARTS_MAX - 2)
		return false;
	struct part *part = &pattern->parts[pattern->count++];
	*part = (struct part){
		.text = text,
		.length = (uint32_t)length,
		.literal = !cws_wildcard_in(text, length),
		.star = length == 1 && text[0] == '*',
		.crossing = length == 2 && text[0] == '*' && text[1] == '*',
	};
	return part->literal || cws_wildcard_valid(text, length);
}

/* `deep`: what it matches is meant with all below it. */
static bool compile(struct pattern *pattern, size_t length, bool deep)
{
	const char *text = pattern->text, *end = text + length;

	if (length == 0 || text[0] != '/' || memchr(text, 0, length))
		return false;
	for (const char *at = text + 1; length > 1 && at <= end;) {
		const char *slash = memchr(at, '/', (size_t)(end - at));
		const char *stop = slash ? slash : end;

		if (!add_part(pattern, at, (size_t)(stop - at)))
			return false;
		at = stop + 1;
	}
	while (pattern->head_parts < pattern->count && pattern->parts[pattern->head_parts].literal)
		pattern->head_length += pattern->parts[pattern->head_parts++].length + 1;
	struct part *last = pattern->count ? &pattern->parts[pattern->count - 1] : NULL;
	if (pattern->head_parts == pattern->count || (deep && !last->crossing)) {
		pattern->parts[pattern->count++] = (struct part){ .text = "**", .length = 2, .crossing = true };
	} else if (last->crossing) {
		pattern->parts[pattern->count++] = *last;
		*last = (struct part){ .text = "*", .length = 1, .star = true };
	}
	return true;
}

int cws_patterns_add(struct cws_patterns *patterns, const char *glob, size_t length, bool ignored)
{
	struct list *list = ignored ? &patterns->ignored : &patterns->wanted;

	if (length > GLOB_MAX)
		return -E2BIG;
	struct pattern *pattern = calloc(1, sizeof(*pattern) + length + 1);
	if (!pattern)
		return -ENOMEM;
	memcpy(pattern->text, glob, length);
	if (!compile(pattern, length, ignored)) {
		free(pattern);
		return -EINVAL;
	}
	struct pattern **items = realloc(list->items, (list->count + 1) * sizeof(struct pattern *));
	if (!items) {
		free(pattern);
		return -ENOMEM;
	}
	list->items = items;
	items[list->count++] = pattern;
	return 0;
}

static uint64_t bit(int position)
{
	return (uint64_t)1 << position;
}

/* `**` may be no segment at all. */
static uint64_t closure(const struct pattern *pattern, uint64_t at)
{
	for (int i = 0; i < pattern->count; i++)
		if (at & bit(i) && pattern->parts[i].crossing)
			at |= bit(i + 1);
	return at;
}

static uint64_t step(const struct pattern *pattern, uint64_t at, const char *text, size_t length)
{
	uint64_t next = 0;

	for (int i = 0; i < pattern->count; i++) {
		const struct part *part = &pattern->parts[i];

		if (!(at & bit(i)))
			continue;
		if (part->crossing)
			next |= bit(i);
		else if (part->star || (part->literal ? part->length == length && memcmp(part->text, text, length) == 0 :
							 cws_wildcard_match(part->text, part->length, text, length)))
			next |= bit(i + 1);
	}
	return closure(pattern, next);
}

/* The positions after all of the path; 0: nothing there or below can match. */
static uint64_t positions(const struct pattern *pattern, const char *path, size_t length)
{
	size_t common = length < pattern->head_length ? length : pattern->head_length, at = pattern->head_length;
	int passed = pattern->head_parts;

	if (length == 1) {
		passed = 0; /* the root */
		at = length;
	} else if (memcmp(path, pattern->text, common) != 0) {
		return 0;
	} else if (length < pattern->head_length) {
		if (pattern->text[length] != '/')
			return 0;
		passed = 0;
		for (size_t i = 0; i < length; i++)
			passed += path[i] == '/';
		at = length;
	} else if (length > at && path[at] != '/') {
		return 0;
	}
	uint64_t now = closure(pattern, bit(passed));
	while (now && at < length) {
		const char *text = path + at + 1, *slash = memchr(text, '/', length - at - 1);
		size_t size = slash ? (size_t)(slash - text) : length - at - 1;

		now = step(pattern, now, text, size);
		at += size + 1;
	}
	return now;
}

bool cws_patterns_match(const struct cws_patterns *patterns, const char *path, size_t length)
{
	bool wanted = false;

	for (size_t i = 0; i < patterns->wanted.count && !wanted; i++)
		wanted = positions(patterns->wanted.items[i], path, length) & bit(patterns->wanted.items[i]->count);
	for (size_t i = 0; i < patterns->ignored.count && wanted; i++)
		wanted = !(positions(patterns->ignored.items[i], path, length) & bit(patterns->ignored.items[i]->count));
	return wanted;
}

/* Whether all that is below matches: what follows is `**`, or `*` and then that. */
static bool all_below(const struct pattern *pattern, uint64_t at)
{
	int last = pattern->count - 1;

	if (last < 0 || !pattern->parts[last].crossing)
		return false;
	return at & bit(last) || (last > 0 && pattern->parts[last - 1].star && at & bit(last - 1));
}

static unsigned int reach_of(const struct pattern *pattern, uint64_t at)
{
	unsigned int reach = 0;

	for (int i = 0; i < pattern->count; i++) {
		if (!(at & bit(i)))
			continue;
		uint64_t next = closure(pattern, bit(pattern->parts[i].crossing ? i : i + 1));
		reach |= next & bit(pattern->count) ? CWS_REACH_ENTRIES : 0;
		reach |= next & (bit(pattern->count) - 1) ? CWS_REACH_DEEPER : 0;
	}
	return reach;
}

unsigned int cws_patterns_reach(const struct cws_patterns *patterns, const char *path, size_t length)
{
	unsigned int reach = 0;

	for (size_t i = 0; i < patterns->wanted.count; i++)
		reach |= reach_of(patterns->wanted.items[i], positions(patterns->wanted.items[i], path, length));
	for (size_t i = 0; i < patterns->ignored.count && reach; i++)
		if (all_below(patterns->ignored.items[i], positions(patterns->ignored.items[i], path, length)))
			reach = 0;
	return reach;
}
