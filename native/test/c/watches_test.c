/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watches_test SEED ROUNDS: the table of watches beside a plain list of numbers and paths, through random moves, losses and reuse. Built with ASan
 * and UBSan.
 */
#include <string.h>

#include "check.h"
#include "watches.h"

enum { WATCHES = 200, PATH = 512 };

struct model {
	struct {
		bool placed;
		uint32_t due;
		char path[PATH];
	} of[WATCHES];
	uint64_t random;
	uint32_t told; /* calls of unwatch */
};

/* The kernel still had it, or not. */
static bool model_unwatch(void *context, int32_t wd)
{
	struct model *model = context;
	bool had = random_below(&model->random, 3);

	model->told++;
	model->of[wd].due += had;
	return had;
}

static bool below(const char *path, const char *above)
{
	size_t length = strlen(above);

	return strncmp(path, above, length) == 0 && (path[length] == 0 || path[length] == '/' || strcmp(above, "/") == 0);
}

/* Whether no two of those on the way there have the same path, as one that lost its place and the one that took it. */
static bool alone(const struct model *model, const char *path)
{
	for (int32_t one = 0; one < WATCHES; one++)
		for (int32_t other = 0; other < one && model->of[one].placed && below(path, model->of[one].path); other++)
			if (model->of[other].placed && strcmp(model->of[one].path, model->of[other].path) == 0)
				return false;
	return true;
}

static void check_tree(const struct cws_watches *watches, const struct model *model)
{
	char path[CWS_WATCH_PATH + 1];
	uint32_t placed = 0;

	for (int32_t wd = 0; wd < WATCHES; wd++) {
		const struct cws_watch *watch = cws_watches_find(watches, wd);

		CHECK((watch && watch->placed) == model->of[wd].placed);
		CHECK((watch ? watch->due : 0) == model->of[wd].due);
		if (!model->of[wd].placed)
			continue;
		placed++;
		path[cws_watch_path(watch, path, CWS_WATCH_PATH)] = 0;
		CHECK(strcmp(path, model->of[wd].path) == 0);
		const struct cws_watch *found = cws_watches_at(watches, path, strlen(path));
		CHECK(found ? found->placed && strcmp(model->of[found->wd].path, path) == 0 : !alone(model, path));
	}
	CHECK(watches->count == placed);
	for (const struct cws_watch *watch = watches->doubted; watch; watch = watch->doubt_next)
		CHECK(watch->placed && watch->doubt);
}

/* What is below in the table, not by name: two may be at one path while one of them is doubted. */
static bool within(const struct cws_watches *watches, int32_t wd, int32_t above)
{
	const struct cws_watch *watch = cws_watches_find(watches, wd);

	while (watch && watch->wd != above)
		watch = watch->parent;
	return watch != NULL;
}

static void forget_in_model(struct model *model, const struct cws_watches *watches, int32_t wd)
{
	bool goes[WATCHES];

	for (int32_t other = 0; other < WATCHES; other++)
		goes[other] = model->of[other].placed && within(watches, other, wd);
	for (int32_t other = 0; other < WATCHES; other++)
		if (goes[other])
			model->of[other].placed = false;
}

static void put_in_model(struct model *model, struct cws_watches *watches, int32_t wd)
{
	int32_t above = (int32_t)random_below(&model->random, WATCHES);
	struct cws_watch *parent = random_below(&model->random, 20) && model->of[above].placed ? cws_watches_find(watches, above) : NULL;
	char name[16], path[PATH + 64];
	bool goes[WATCHES];

	/* Few names: they collide. */
	snprintf(name, sizeof(name), "%sn%u", parent ? "" : "/", random_below(&model->random, 4));
	if (!parent && random_below(&model->random, 2))
		strcpy(name, "/");
	snprintf(path, sizeof(path), "%s%s%s", parent ? model->of[above].path : "", parent && strcmp(model->of[above].path, "/") ? "/" : "", name);
	if (strlen(path) > PATH - 100)
		return;
	bool stale = parent && model->of[wd].placed && within(watches, above, wd);
	struct cws_watch *other = cws_watches_child(watches, parent, name, strlen(name));

	if (stale && !(other && other->wd == wd)) {
		forget_in_model(model, watches, wd);
		CHECK(!cws_watches_put(watches, wd, parent, name, strlen(name), 5));
		return;
	}
	for (int32_t each = 0; each < WATCHES; each++)
		goes[each] = model->of[each].placed && model->of[wd].placed && within(watches, each, wd);
	char old[PATH];
	strcpy(old, model->of[wd].path);
	CHECK(cws_watches_put(watches, wd, parent, name, strlen(name), 5)->wd == wd);
	for (int32_t each = 0; each < WATCHES; each++) {
		char moved[2 * PATH + 128];

		if (!goes[each] || each == wd)
			continue;
		CHECK(below(model->of[each].path, old));
		snprintf(moved, sizeof(moved), "%s%s%s", strcmp(path, "/") ? path : "", strcmp(old, "/") ? "" : "/", model->of[each].path + strlen(old));
		CHECK(strlen(moved) < PATH);
		strcpy(model->of[each].path, moved);
	}
	model->of[wd].placed = true;
	strcpy(model->of[wd].path, path);
}

static void tree_round(uint64_t seed)
{
	struct model *model = calloc(1, sizeof(*model));
	struct cws_watches watches;

	CHECK(model && cws_watches_init(&watches, model_unwatch, model) == 0);
	model->random = seed;
	for (int step = 0; step < 400; step++) {
		int32_t wd = (int32_t)random_below(&model->random, WATCHES);
		struct cws_watch *watch = cws_watches_find(&watches, wd);
		uint32_t what = random_below(&model->random, 100);

		if (what < 75) {
			put_in_model(model, &watches, wd);
		} else if (what < 82 && watch && watch->placed) {
			forget_in_model(model, &watches, wd);
			cws_watches_forget(&watches, watch);
		} else if (what < 95) {
			bool due = watch && watch->due > 0;

			if (due) {
				model->of[wd].due--;
			} else if (watch && watch->placed) {
				forget_in_model(model, &watches, wd);
			}
			cws_watches_ignored(&watches, wd);
		} else if (what < 98 && watch && watch->placed) {
			cws_watches_doubt(&watches, watch, random_below(&model->random, 2), 5);
		} else if (what == 99) {
			for (int32_t each = 0; each < WATCHES; each++)
				model->of[each].due = 0;
			cws_watches_overflowed(&watches);
		}
		check_tree(&watches, model);
	}
	cws_watches_destroy(&watches);
	free(model);
}

int main(int argc, char **argv)
{
	CHECK(argc == 3);
	uint64_t seed = strtoull(argv[1], NULL, 10) * 2654435761u + 1;
	uint32_t rounds = (uint32_t)atoi(argv[2]);

	for (uint32_t i = 0; i < rounds; i++)
		tree_round(seed + i);
	printf("%u rounds\n", rounds);
	return 0;
}
