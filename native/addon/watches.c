/* SPDX-License-Identifier: Apache-2.0 */
#include "watches.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { SIZE_FIRST = 256 };

int cws_watches_init(struct cws_watches *watches, cws_unwatch unwatch, void *context)
{
	*watches = (struct cws_watches){
		.by_wd = calloc(SIZE_FIRST, sizeof(struct cws_watch *)),
		.by_name = calloc(SIZE_FIRST, sizeof(struct cws_watch *)),
		.size = SIZE_FIRST,
		.unwatch = unwatch,
		.context = context,
	};
	if (watches->by_wd && watches->by_name)
		return 0;
	cws_watches_destroy(watches);
	return -ENOMEM;
}

static void release(struct cws_watch *watch)
{
	free(watch->name);
	free(watch);
}

void cws_watches_destroy(struct cws_watches *watches)
{
	for (uint32_t i = 0; watches->by_wd && i < watches->size; i++) {
		for (struct cws_watch *watch = watches->by_wd[i], *next; watch; watch = next) {
			next = watch->same_wd;
			release(watch);
		}
	}
	free(watches->by_wd);
	free(watches->by_name);
	*watches = (struct cws_watches){ 0 };
}

static struct cws_watch **wd_slot(const struct cws_watches *watches, int32_t wd)
{
	return &watches->by_wd[(uint32_t)wd & (watches->size - 1)];
}

static struct cws_watch **name_slot(const struct cws_watches *watches, const struct cws_watch *parent, const char *name, size_t length)
{
	uint64_t hash = 0xcbf29ce484222325ull ^ (uint64_t)(uintptr_t)parent;

	for (size_t i = 0; i < length; i++)
		hash = (hash ^ (uint8_t)name[i]) * 0x100000001b3ull;
	hash = (hash ^ hash >> 32) * 0x9e3779b97f4a7c15ull;
	return &watches->by_name[(uint32_t)(hash >> 32) & (watches->size - 1)];
}

struct cws_watch *cws_watches_find(const struct cws_watches *watches, int32_t wd)
{
	struct cws_watch *watch = *wd_slot(watches, wd);

	while (watch && watch->wd != wd)
		watch = watch->same_wd;
	return watch;
}

struct cws_watch *cws_watches_child(const struct cws_watches *watches, const struct cws_watch *parent, const char *name, size_t length)
{
	struct cws_watch *watch = *name_slot(watches, parent, name, length);

	while (watch && (watch->parent != parent || watch->length != length || memcmp(watch->name, name, length) != 0))
		watch = watch->same_name;
	return watch;
}

/* Down from one of those without a parent, name by name. */
static struct cws_watch *descend(const struct cws_watches *watches, struct cws_watch *watch, const char *path, size_t at, size_t length)
{
	while (watch && at < length) {
		at += path[at] == '/';
		const char *slash = memchr(path + at, '/', length - at);
		size_t size = slash ? (size_t)(slash - path) - at : length - at;

		watch = cws_watches_child(watches, watch, path + at, size);
		at += size;
	}
	return watch;
}

struct cws_watch *cws_watches_at(const struct cws_watches *watches, const char *path, size_t length)
{
	for (size_t end = 1; end <= length; end++) {
		if (end > 1 && end < length && path[end] != '/')
			continue;
		struct cws_watch *watch = cws_watches_child(watches, NULL, path, end);

		watch = watch ? descend(watches, watch, path, end, length) : NULL;
		if (watch)
			return watch;
	}
	return NULL;
}

/* The indexes are twice as large; on failure they stay, and only their chains are longer. */
static void grow(struct cws_watches *watches)
{
	struct cws_watches larger = { .size = watches->size * 2 };

	larger.by_wd = calloc(larger.size, sizeof(struct cws_watch *));
	larger.by_name = calloc(larger.size, sizeof(struct cws_watch *));
	if (!larger.by_wd || !larger.by_name) {
		free(larger.by_wd);
		free(larger.by_name);
		return;
	}
	for (uint32_t i = 0; i < watches->size; i++) {
		for (struct cws_watch *watch = watches->by_wd[i], *next; watch; watch = next) {
			struct cws_watch **slot = wd_slot(&larger, watch->wd);

			next = watch->same_wd;
			watch->same_wd = *slot;
			*slot = watch;
			if (!watch->placed)
				continue;
			slot = name_slot(&larger, watch->parent, watch->name, watch->length);
			watch->same_name = *slot;
			*slot = watch;
		}
	}
	free(watches->by_wd);
	free(watches->by_name);
	watches->by_wd = larger.by_wd;
	watches->by_name = larger.by_name;
	watches->size = larger.size;
}

static void link(struct cws_watches *watches, struct cws_watch *watch, struct cws_watch *parent)
{
	struct cws_watch **slot = name_slot(watches, parent, watch->name, watch->length);

	watch->placed = true;
	watch->displaced = false;
	watch->parent = parent;
	watch->same_name = *slot;
	*slot = watch;
	watch->previous = NULL;
	watch->next = parent ? parent->child : NULL;
	if (watch->next)
		watch->next->previous = watch;
	if (parent)
		parent->child = watch;
	watches->count++;
}

/* Out of the tree; what is below it stays below it. */
static void unlink_from_tree(struct cws_watches *watches, struct cws_watch *watch)
{
	struct cws_watch **at = name_slot(watches, watch->parent, watch->name, watch->length);

	while (*at != watch)
		at = &(*at)->same_name;
	*at = watch->same_name;
	if (watch->next)
		watch->next->previous = watch->previous;
	if (watch->previous)
		watch->previous->next = watch->next;
	else if (watch->parent)
		watch->parent->child = watch->next;
	watch->parent = watch->next = watch->previous = NULL;
	watch->placed = false;
	watches->count--;
	cws_watches_doubt(watches, watch, false, 0);
}

static void discard(struct cws_watches *watches, struct cws_watch *watch)
{
	struct cws_watch **at = wd_slot(watches, watch->wd);

	while (*at != watch)
		at = &(*at)->same_wd;
	*at = watch->same_wd;
	release(watch);
}

/* Takes one without children away; `told`: the kernel said by itself that it is gone. */
static void take_away(struct cws_watches *watches, struct cws_watch *watch, bool told)
{
	unlink_from_tree(watches, watch);
	if (!told && watches->unwatch(watches->context, watch->wd))
		watch->due++;
	if (watch->due == 0)
		discard(watches, watch);
}

static void forget(struct cws_watches *watches, struct cws_watch *watch, bool told)
{
	struct cws_watch *at = watch;

	/* The leaves first; no recursion: the depth is an attacker's choice. */
	for (;;) {
		while (at->child)
			at = at->child;
		struct cws_watch *parent = at->parent;
		bool last = at == watch;

		take_away(watches, at, last && told);
		if (last)
			return;
		at = parent;
	}
}

void cws_watches_forget(struct cws_watches *watches, struct cws_watch *watch)
{
	forget(watches, watch, false);
}

static bool is_within(const struct cws_watch *watch, const struct cws_watch *above)
{
	while (watch && watch != above)
		watch = watch->parent;
	return watch != NULL;
}

/* The number's entry, without a place; NULL when there is no memory. */
static struct cws_watch *entry_of(struct cws_watches *watches, int32_t wd)
{
	struct cws_watch *watch = cws_watches_find(watches, wd);

	if (watch)
		return watch;
	watch = calloc(1, sizeof(*watch));
	if (!watch)
		return NULL;
	if (watches->count >= watches->size)
		grow(watches);
	watch->wd = wd;
	struct cws_watch **slot = wd_slot(watches, wd);
	watch->same_wd = *slot;
	*slot = watch;
	return watch;
}

/* No memory for the place of what the kernel watches already. */
static void fail(struct cws_watches *watches, struct cws_watch *watch, int32_t wd)
{
	if (!watch) {
		watches->unwatch(watches->context, wd);
		return;
	}
	while (watch->child)
		forget(watches, watch->child, false);
	if (watches->unwatch(watches->context, wd))
		watch->due++;
	if (watch->due == 0)
		discard(watches, watch);
}

static bool name_it(struct cws_watch *watch, const char *name, size_t length)
{
	char *copy = malloc(length + 1);

	if (!copy)
		return false;
	memcpy(copy, name, length);
	copy[length] = 0;
	free(watch->name);
	watch->name = copy;
	watch->length = (uint16_t)length;
	return true;
}

/*
 * Another has its place. What became of it is in events that are not read yet, or were lost: until they say, it is known by where it was, without
 * a parent, and doubted.
 */
static void displace(struct cws_watches *watches, struct cws_watch *watch, uint64_t now)
{
	char path[CWS_WATCH_PATH];
	size_t length = cws_watch_path(watch, path, sizeof(path));

	if (length > 0)
		unlink_from_tree(watches, watch);
	if (length == 0) {
		forget(watches, watch, false);
	} else if (!name_it(watch, path, length)) {
		fail(watches, watch, watch->wd);
	} else {
		link(watches, watch, NULL);
		watch->displaced = true;
		cws_watches_doubt(watches, watch, true, now);
	}
}

struct cws_watch *cws_watches_put(struct cws_watches *watches, int32_t wd, struct cws_watch *parent, const char *name, size_t length,
				  uint64_t now)
{
	struct cws_watch *watch = cws_watches_find(watches, wd), *other = cws_watches_child(watches, parent, name, length);

	if (watch && watch->placed && watch == other)
		return watch;
	/* Nothing can be below itself: where it was is out of date. */
	if (watch && watch->placed && is_within(parent, watch)) {
		forget(watches, watch, false);
		return NULL;
	}
	if (watch && watch->placed)
		unlink_from_tree(watches, watch); /* first: it may be below the one whose place it takes */
	if (other)
		displace(watches, other, now);
	watch = entry_of(watches, wd);
	if (watch && name_it(watch, name, length)) {
		link(watches, watch, parent);
		return watch;
	}
	fail(watches, watch, wd);
	return NULL;
}

void cws_watches_ignored(struct cws_watches *watches, int32_t wd)
{
	struct cws_watch *watch = cws_watches_find(watches, wd);

	if (!watch)
		return;
	if (watch->due > 0) {
		watch->due--;
		if (watch->due == 0 && !watch->placed)
			discard(watches, watch);
		return;
	}
	forget(watches, watch, true);
}

void cws_watches_overflowed(struct cws_watches *watches)
{
	for (uint32_t i = 0; i < watches->size; i++) {
		for (struct cws_watch *watch = watches->by_wd[i], *next; watch; watch = next) {
			next = watch->same_wd;
			watch->due = 0;
			if (!watch->placed)
				discard(watches, watch);
		}
	}
}

void cws_watches_doubt(struct cws_watches *watches, struct cws_watch *watch, bool doubted, uint64_t now)
{
	if (doubted == (watch->doubt != 0))
		return;
	watch->doubt = doubted ? now : 0;
	if (doubted) {
		watch->doubt_previous = watches->doubted_last;
		watch->doubt_next = NULL;
		*(watches->doubted_last ? &watches->doubted_last->doubt_next : &watches->doubted) = watch;
		watches->doubted_last = watch;
		return;
	}
	*(watch->doubt_previous ? &watch->doubt_previous->doubt_next : &watches->doubted) = watch->doubt_next;
	*(watch->doubt_next ? &watch->doubt_next->doubt_previous : &watches->doubted_last) = watch->doubt_previous;
	watch->doubt_next = watch->doubt_previous = NULL;
}

/* The root's own path ends with the slash that others need before a name. */
static bool needs_slash(const struct cws_watch *parent)
{
	return parent && (parent->parent || parent->length > 1);
}

size_t cws_watch_path(const struct cws_watch *watch, char *path, size_t size)
{
	size_t end = 0;

	for (const struct cws_watch *at = watch; at; at = at->parent)
		end += at->length + needs_slash(at->parent);
	if (end > size)
		return 0;
	const size_t total = end;
	for (const struct cws_watch *at = watch; at; at = at->parent) {
		end -= at->length;
		memcpy(path + end, at->name, at->length);
		if (needs_slash(at->parent))
			path[--end] = '/';
	}
	return total;
}
