/* SPDX-License-Identifier: Apache-2.0 */
#include "images.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int cws_images_want(struct cws_images *images)
{
	if (!images->sets)
		images->sets = calloc(CWS_IMAGE_SETS, sizeof(*images->sets));
	return images->sets ? 0 : -ENOMEM;
}

void cws_images_destroy(struct cws_images *images)
{
	free(images->sets);
	images->sets = NULL;
}

static struct cws_process *find(struct cws_images *images, uint32_t pid, struct cws_process **oldest)
{
	struct cws_process *set = images->sets[pid % CWS_IMAGE_SETS];

	*oldest = set;
	for (int way = 0; way < CWS_IMAGE_WAYS; way++) {
		if (set[way].pid == pid)
			return &set[way];
		if (set[way].used < (*oldest)->used)
			*oldest = &set[way];
	}
	return NULL;
}

static struct cws_process *claim(struct cws_images *images, uint32_t pid)
{
	struct cws_process *oldest, *process = find(images, pid, &oldest);

	if (!process) {
		process = oldest;
		if (process->count && process->steps[process->count - 1].time > images->forgotten)
			images->forgotten = process->steps[process->count - 1].time;
		memset(process, 0, sizeof(*process));
		process->pid = pid;
	}
	process->used = ++images->clock;
	return process;
}

void cws_images_note(struct cws_images *images, const struct cws_header *header)
{
	struct cws_step step = { .time = header->time };

	if (!images->sets)
		return;
	if (header->type == CWS_FORK && header->size >= sizeof(struct cws_fork)) {
		step.kind = CWS_STEP_FORK;
	} else if (header->type == CWS_EXIT) {
		step.kind = CWS_STEP_EXIT;
	} else if (header->type == CWS_EXEC && header->size >= sizeof(struct cws_exec)) {
		const struct cws_exec *exec = (const struct cws_exec *)header;

		step.kind = CWS_STEP_EXEC;
		step.inode = exec->file.inode;
		step.dev = exec->file.dev;
		step.threads = header->flags & CWS_F_THREADS;
	} else {
		return;
	}
	struct cws_process *process = claim(images, header->pid);
	if (process->count) {
		step.before = process->steps[process->count - 1].time;
		/* Two that one processor wrote around a third: the order of the ring is that of what happened to one process. */
		if (step.time <= step.before)
			step.time = step.before + 1;
	}
	if (process->count == CWS_STEPS) {
		process->forgotten = process->steps[0].time;
		memmove(process->steps, process->steps + 1, sizeof(process->steps) - sizeof(process->steps[0]));
		process->count--;
	}
	process->steps[process->count++] = step;
}

void cws_images_doubt(struct cws_images *images, uint64_t until)
{
	if (until > images->doubt)
		images->doubt = until;
}

int cws_images_steps(struct cws_images *images, uint32_t pid, uint64_t since, uint64_t until, struct cws_step steps[CWS_STEPS])
{
	struct cws_process *oldest;
	int count = 0;

	if (!images->sets || since < images->forgotten || since < images->doubt)
		return -1;
	const struct cws_process *process = find(images, pid, &oldest);
	if (!process)
		return 0;
	if (since < process->forgotten)
		return -1;
	for (uint32_t i = 0; i < process->count; i++)
		if (process->steps[i].time > since && process->steps[i].time <= until)
			steps[count++] = process->steps[i];
	return count;
}
