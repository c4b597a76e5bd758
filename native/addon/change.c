/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "change.h"

#include <string.h>
#include <sys/fanotify.h>
#include <sys/stat.h>

static const uint64_t RENAMED = FAN_RENAME | FAN_MOVED_FROM | FAN_MOVED_TO;

enum cws_interest cws_interest_in(const struct cws_patterns *patterns, const struct cws_place *place, uint64_t mask)
{
	if (!place->named)
		return CWS_NOBODY;
	/* Without a place nothing says that it does not concern: it is told with what is known of it. */
	if (!patterns || !place->located || cws_patterns_match(patterns, place->path, place->length))
		return CWS_WANTED;
	if (!(mask & FAN_ONDIR) || !(mask & (FAN_CREATE | FAN_DELETE | RENAMED)) || !cws_patterns_reach(patterns, place->path, place->length))
		return CWS_NOBODY;
	/* A directory that was renamed takes along all that is below it: whoever wants that wants to know. */
	return mask & RENAMED ? CWS_WANTED : CWS_ASIDE;
}

static uint64_t ns_of(struct statx_timestamp time)
{
	return (uint64_t)time.tv_sec * 1000000000 + time.tv_nsec;
}

static void append(struct cws_change_record *record, const char *path, uint32_t length, struct cws_file *file)
{
	uint32_t at = record->change.h.size;

	memcpy((uint8_t *)record + at, path, length);
	memset((uint8_t *)record + at + length, 0, -length & 7);
	file->path = (struct cws_str){ .off = at, .len = length };
	record->change.h.size = at + ((length + 7) & ~7u);
}

void cws_change_file(struct cws_change_record *record, const struct cws_place *place, const struct statx *about, struct cws_file *file)
{
	file->flags = place->named && !place->located ? CWS_FILE_PATH_TRUNCATED | CWS_FILE_ABSENT : CWS_FILE_ABSENT;
	if (!place->named)
		return;
	if (place->located && about) {
		file->flags = 0;
		file->inode = about->stx_ino;
		file->mtime = ns_of(about->stx_mtime);
		file->ctime = ns_of(about->stx_ctime);
		file->size = about->stx_size;
		file->dev = about->stx_dev_major << 20 | about->stx_dev_minor;
		file->mode = about->stx_mode;
		file->uid = about->stx_uid;
		file->gid = about->stx_gid;
		file->nlink = about->stx_nlink;
		file->fs_magic = place->magic;
		file->mount_id = (uint32_t)place->mount_id;
	}
	append(record, place->path, place->length, file);
}

bool cws_change_mounted(struct cws_change_record *record, uint16_t type, const struct cws_patterns *patterns, uint32_t number, const char *path, uint64_t since, uint64_t time)
{
	struct cws_change *change = &record->change;
	size_t length = strlen(path);

	if (!patterns || length > CWS_PLACE_PATH || !cws_patterns_reach(patterns, path, length))
		return false;
	*change = (struct cws_change){ .since = since, .until = time, .group = number };
	change->h = (struct cws_header){ .size = sizeof(*change), .type = type, .time = time, .flags = CWS_F_ASIDE | CWS_F_MOUNTED };
	change->file.flags = change->destination.flags = CWS_FILE_ABSENT;
	append(record, path, (uint32_t)length, &change->file);
	return true;
}
