/* SPDX-License-Identifier: Apache-2.0 */
#include "order.h"

#include <errno.h>
#include <linux/fanotify.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>

enum {
	XFS = 0x58465342,               /* XFS_SUPER_MAGIC */
	INO32 = 1, BTRFS = 0x4d,        /* enum fid_type of linux/exportfs.h */
	XFS_INO64 = 0x81,               /* FILEID_INO32_GEN | XFS_FILEID_TYPE_64FLAG */
};

int cws_order_init(struct cws_order *order, uint64_t now)
{
	*order = (struct cws_order){
		.sets = calloc(CWS_OPENER_SETS, sizeof(*order->sets)),
		.filesystems = calloc(CWS_EXEC_FILESYSTEMS, sizeof(*order->filesystems)),
		.broken = now,
	};
	if (order->sets && order->filesystems)
		return 0;
	cws_order_destroy(order);
	return -ENOMEM;
}

void cws_order_destroy(struct cws_order *order)
{
	free(order->sets);
	free(order->filesystems);
	order->sets = NULL;
	order->filesystems = NULL;
}

void cws_order_filesystem(struct cws_order *order, uint64_t fsid, uint32_t dev, uint32_t magic, uint64_t now)
{
	bool shared = false;

	if (order->filesystem_count == CWS_EXEC_FILESYSTEMS)
		return;
	for (int i = 0; i < order->filesystem_count; i++) {
		if (order->filesystems[i].fsid == fsid)
			order->filesystems[i].shared = shared = true;
	}
	order->filesystems[order->filesystem_count++] = (struct cws_exec_filesystem){ .fsid = fsid, .since = now, .dev = dev, .magic = magic, .shared = shared };
}

void cws_order_gone(struct cws_order *order, int index)
{
	order->filesystems[index] = order->filesystems[--order->filesystem_count];
}

bool cws_order_loader(struct cws_order *order, uint32_t dev, uint64_t inode)
{
	if (order->loader_count == CWS_LOADERS)
		return false;
	order->loaders[order->loader_count++] = (struct cws_loader){ .dev = dev, .inode = (uint32_t)inode };
	return true;
}

static bool is_loader(const struct cws_order *order, const struct cws_step *step)
{
	for (int i = 0; i < order->loader_count; i++)
		if (order->loaders[i].dev == step->dev && order->loaders[i].inode == (uint32_t)step->inode)
			return true;
	return false;
}

/* When the device was marked; UINT64_MAX if it is not. */
static uint64_t marked_since(const struct cws_order *order, uint32_t dev)
{
	for (int i = 0; i < order->filesystem_count; i++)
		if (order->filesystems[i].dev == dev)
			return order->filesystems[i].since;
	return UINT64_MAX;
}

static uint32_t word(const uint8_t *bytes, uint32_t at)
{
	uint32_t value;

	memcpy(&value, bytes + at, sizeof(value));
	return value;
}

/* The lower half of the inode's number where this file system's handles are known to hold it, else 0. */
static uint32_t inode_of(uint32_t magic, const struct cws_handle *handle)
{
	const uint8_t *bytes = handle->bytes;

	if (!bytes)
		return 0;
	switch (magic) {
	case EXT4_SUPER_MAGIC:
		return handle->type == INO32 && handle->size >= 8 ? word(bytes, 0) : 0;
	case TMPFS_MAGIC:
		return handle->type == INO32 && handle->size == 12 ? word(bytes, 4) : 0; /* behind the generation */
	case XFS:
		return (handle->type == INO32 || handle->type == XFS_INO64) && handle->size >= 8 ? word(bytes, 0) : 0;
	case BTRFS_SUPER_MAGIC:
		return handle->type == BTRFS && handle->size >= 16 ? word(bytes, 0) : 0;
	default:
		return 0;
	}
}

static void identify(const struct cws_order *order, const struct cws_fanotify_event *event, struct cws_opened *file)
{
	const struct cws_handle *handle = event->target.bytes ? &event->target : &event->entry.directory;

	for (int i = 0; i < order->filesystem_count; i++) {
		const struct cws_exec_filesystem *filesystem = &order->filesystems[i];

		if (filesystem->fsid != handle->fsid)
			continue;
		if (filesystem->shared)
			return;
		file->dev = filesystem->dev;
		file->inode = inode_of(filesystem->magic, &event->target);
		return;
	}
}

static struct cws_opener *find(struct cws_order *order, uint32_t pid, struct cws_opener **oldest)
{
	struct cws_opener *set = order->sets[pid % CWS_OPENER_SETS];

	*oldest = set;
	for (int way = 0; way < CWS_OPENER_WAYS; way++) {
		if (set[way].pid == pid)
			return &set[way];
		if (set[way].used < (*oldest)->used)
			*oldest = &set[way];
	}
	return NULL;
}

static void opened(struct cws_order *order, const struct cws_fanotify_event *event, uint64_t now)
{
	struct cws_opener *oldest, *opener = find(order, (uint32_t)event->pid, &oldest);

	if (!opener) {
		opener = oldest;
		if (opener->count && opener->files[opener->count - 1].time > order->forgotten)
			order->forgotten = opener->files[opener->count - 1].time;
		*opener = (struct cws_opener){ .pid = (uint32_t)event->pid, .changed = true };
	}
	if (opener->count == CWS_OPENED) {
		opener->forgotten = opener->files[0].time;
		memmove(opener->files, opener->files + 1, sizeof(opener->files) - sizeof(opener->files[0]));
		opener->count--;
	}
	struct cws_opened *file = &opener->files[opener->count++];
	*file = (struct cws_opened){ .position = order->position, .time = now, .floats = event->mask & ~(uint64_t)FAN_OPEN_EXEC, .close = !opener->changed };
	identify(order, event, file);
	opener->used = ++order->clock;
	opener->changed = file->floats;
}

void cws_order_note(struct cws_order *order, const uint8_t *bytes, size_t size, uint64_t now)
{
	struct cws_fanotify_event event;
	struct cws_opener *oldest;
	uint32_t length;

	if (!order->sets)
		return;
	for (size_t at = 0; at < size && (length = cws_fanotify_parse(bytes + at, size - at, &event)) > 0; at += length, order->position++) {
		if (event.mask & FAN_Q_OVERFLOW) {
			order->broken = now;
		} else if (event.pid > 0 && event.mask & FAN_OPEN_EXEC) {
			opened(order, &event, now);
		} else if (event.pid > 0) {
			struct cws_opener *opener = find(order, (uint32_t)event.pid, &oldest);

			if (opener)
				opener->changed = true;
		}
	}
}

static bool matches(const struct cws_step *step, const struct cws_opened *file)
{
	return step->kind == CWS_STEP_EXEC && (file->dev == 0 || (file->dev == step->dev && (file->inode == 0 || file->inode == (uint32_t)step->inode)));
}

/* What is known of one process around one event. */
struct evidence {
	struct cws_step steps[CWS_STEPS];
	bool visible[CWS_STEPS]; /* the open of this exec is among the files */
	int count;
	const struct cws_opened *files;
	uint32_t files_count;
};

/* Whether an exec before step `j` may be why file `i` is there, so that a later open of it can have been merged into it. */
static bool explained(const struct evidence *evidence, int j, uint32_t i)
{
	const struct cws_opened *file = &evidence->files[i];

	for (int m = 0; m < j; m++) {
		const struct cws_step *step = &evidence->steps[m];

		if (step->kind != CWS_STEP_EXEC)
			continue;
		if (!evidence->visible[m] || matches(step, file))
			return true;
		/* As its interpreter: right behind the program, wherever that was if it floats. */
		for (uint32_t other = 0; other < evidence->files_count; other++)
			if (evidence->files[other].floats && matches(step, &evidence->files[other]))
				return true;
		if (file->close && i > 0 && matches(step, &evidence->files[i - 1]))
			return true;
	}
	return false;
}

/* The most steps that can have been made before `position`. */
static int latest(const struct evidence *evidence, uint64_t position)
{
	int steps = 0;

	for (; steps < evidence->count; steps++) {
		bool possible = !evidence->visible[steps];

		for (uint32_t i = 0; i < evidence->files_count && !possible; i++)
			possible = matches(&evidence->steps[steps], &evidence->files[i]) && evidence->files[i].position < position;
		if (!possible)
			break;
	}
	return steps;
}

/* The fewest of the first `count` steps that must have been made before `position`. */
static int earliest(const struct evidence *evidence, uint64_t position, int count)
{
	int steps = count;

	for (; steps > 0; steps--) {
		bool possible = !evidence->visible[steps - 1];

		for (uint32_t i = 0; i < evidence->files_count && !possible; i++) {
			const struct cws_opened *file = &evidence->files[i];

			possible = matches(&evidence->steps[steps - 1], file) && (file->position > position || file->floats || explained(evidence, steps - 1, i));
		}
		if (!possible)
			break;
	}
	return steps;
}

void cws_order_narrow(struct cws_order *order, struct cws_images *images, uint32_t pid, uint64_t position, uint64_t complete, struct cws_span_of_time *time)
{
	struct evidence evidence = { 0 };
	struct cws_opener *oldest;
	int complete_steps = 0;

	evidence.count = cws_images_steps(images, pid, time->since, time->last, evidence.steps);
	if (evidence.count <= 0 || !order->sets)
		return;
	const struct cws_opener *opener = find(order, pid, &oldest);
	uint64_t forgotten = order->forgotten > order->broken ? order->forgotten : order->broken;
	if (opener) {
		evidence.files = opener->files;
		evidence.files_count = opener->count;
		if (opener->forgotten > forgotten)
			forgotten = opener->forgotten;
	}
	for (int i = 0; i < evidence.count; i++) {
		const struct cws_step *step = &evidence.steps[i];

		/* It was opened after the step before it. */
		evidence.visible[i] = step->kind == CWS_STEP_EXEC && step->before > forgotten && step->before > marked_since(order, step->dev) && !is_loader(order, step);
		if (step->time <= complete)
			complete_steps = i + 1;
	}
	int late = latest(&evidence, position), early = earliest(&evidence, position, complete_steps);
	/* The other threads ran on until the exec was done. */
	if (early > 0 && evidence.steps[early - 1].threads)
		early--;
	/* A number that was given to a new process had been nobody's, as it has no end here before it. */
	if (early == 0 && evidence.steps[0].kind == CWS_STEP_FORK)
		early = 1;
	if (early > late)
		return;
	if (early > 0)
		time->since = evidence.steps[early - 1].time;
	if (late < evidence.count)
		time->until = evidence.steps[late].time - 1;
}
