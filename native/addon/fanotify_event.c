/* SPDX-License-Identifier: Apache-2.0 */
#include "fanotify_event.h"

#include <linux/fanotify.h>
#include <string.h>

/* What follows the header of an info of a file: the file system's id, then struct file_handle, then the name where there is one. */
enum { HEADER = sizeof(struct fanotify_event_info_header), FSID = 8, HANDLE = 8, FIXED = HEADER + FSID + HANDLE };

/* False when the parts do not fit into the `size` bytes of the info. */
static bool parse_file(const uint8_t *at, uint32_t size, struct cws_handle *handle, const char **name, uint32_t *length)
{
	if (size < FIXED)
		return false;
	memcpy(&handle->fsid, at + HEADER, sizeof(handle->fsid));
	memcpy(&handle->size, at + HEADER + FSID, sizeof(handle->size));
	memcpy(&handle->type, at + HEADER + FSID + 4, sizeof(handle->type));
	if (handle->size > CWS_HANDLE_MAX || handle->size > size - FIXED)
		return false;
	handle->bytes = at + FIXED;
	const uint8_t *text = at + FIXED + handle->size;
	uint32_t room = size - FIXED - handle->size;
	if (!name)
		return true;
	const uint8_t *end = room ? memchr(text, 0, room) : NULL;
	if (!end)
		return false;
	*name = (const char *)text;
	*length = (uint32_t)(end - text);
	return true;
}

static bool parse_entry(const uint8_t *at, uint32_t size, struct cws_entry *entry)
{
	return parse_file(at, size, &entry->directory, &entry->name, &entry->length);
}

static bool parse_info(const uint8_t *at, uint32_t size, uint8_t type, struct cws_fanotify_event *event)
{
	switch (type) {
	case FAN_EVENT_INFO_TYPE_DFID_NAME:
	case FAN_EVENT_INFO_TYPE_OLD_DFID_NAME:
		return parse_entry(at, size, &event->entry);
	case FAN_EVENT_INFO_TYPE_NEW_DFID_NAME:
		return parse_entry(at, size, &event->renamed);
	case FAN_EVENT_INFO_TYPE_FID:
		return parse_file(at, size, &event->target, NULL, NULL);
	case FAN_EVENT_INFO_TYPE_DFID:
		if (!parse_file(at, size, &event->entry.directory, NULL, NULL))
			return false;
		event->entry.name = ".";
		event->entry.length = 1;
		return true;
	default:
		return true; /* of a later kernel: stepped over */
	}
}

uint32_t cws_fanotify_parse(const uint8_t *bytes, size_t size, struct cws_fanotify_event *event)
{
	struct fanotify_event_metadata metadata;

	memset(event, 0, sizeof(*event));
	event->fd = FAN_NOFD;
	if (size < sizeof(metadata))
		return 0;
	memcpy(&metadata, bytes, sizeof(metadata));
	if (metadata.vers != FANOTIFY_METADATA_VERSION || metadata.metadata_len < sizeof(metadata) || metadata.event_len < metadata.metadata_len ||
	    metadata.event_len > size)
		return 0;
	event->mask = metadata.mask;
	event->pid = metadata.pid;
	event->fd = metadata.fd;
	for (uint32_t at = metadata.metadata_len; at + HEADER <= metadata.event_len;) {
		struct fanotify_event_info_header info;

		memcpy(&info, bytes + at, sizeof(info));
		if (info.len < HEADER || info.len > metadata.event_len - at || !parse_info(bytes + at, info.len, info.info_type, event))
			return 0;
		at += info.len;
	}
	return metadata.event_len;
}
