/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of processes of late: their forks, execs and exits with the kernel's times, by number, in a bounded table fed by the records on
 * their way to the queue. What it had to forget, it says since when.
 */
#ifndef CWS_IMAGES_H
#define CWS_IMAGES_H

#include <stdbool.h>
#include <stdint.h>

#include "cws_event.h"

enum { CWS_IMAGE_SETS = 256, CWS_IMAGE_WAYS = 4, CWS_STEPS = 8 };

enum cws_step_kind { CWS_STEP_FORK = 1, CWS_STEP_EXEC, CWS_STEP_EXIT };

struct cws_step {
	uint64_t time;   /* ns, CLOCK_BOOTTIME */
	uint64_t before; /* of the step before it, 0 = not known: nothing else became of that number in between */
	uint64_t inode;  /* of an exec: the program that runs now */
	uint32_t dev;
	enum cws_step_kind kind;
	bool threads;    /* of an exec: there had been other threads, which went on until then */
};

struct cws_process {
	uint32_t pid;
	uint32_t count;      /* of steps, oldest first */
	uint64_t forgotten;  /* time of the last step that had to go */
	uint64_t used;
	struct cws_step steps[CWS_STEPS];
};

struct cws_images {
	struct cws_process (*sets)[CWS_IMAGE_WAYS]; /* NULL until somebody wants it */
	uint64_t clock;
	uint64_t forgotten; /* of all processes that had to go: the time of their last step */
	uint64_t doubt;     /* until then records may have been lost */
};

/* From now on steps are kept. 0 or a negative errno. */
int cws_images_want(struct cws_images *images);
void cws_images_destroy(struct cws_images *images);

/* A record that went into the queue. */
void cws_images_note(struct cws_images *images, const struct cws_header *header);
/* Records of before that moment (ns) may be missing. */
void cws_images_doubt(struct cws_images *images, uint64_t until);

/* Copies the steps of this number after `since` and up to `until`, oldest first. @returns how many, or -1 when not all are known. */
int cws_images_steps(struct cws_images *images, uint32_t pid, uint64_t since, uint64_t until, struct cws_step steps[CWS_STEPS]);

#endif
