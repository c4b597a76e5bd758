/* SPDX-License-Identifier: Apache-2.0 */
#include "inotify_event.h"

#include <string.h>
#include <sys/inotify.h>

uint32_t cws_inotify_parse(const uint8_t *bytes, size_t size, struct cws_inotify_event *event)
{
	struct inotify_event head;

	memset(event, 0, sizeof(*event));
	if (size < sizeof(head))
		return 0;
	memcpy(&head, bytes, sizeof(head));
	if (head.len > size - sizeof(head) || head.len > CWS_NAME_MAX + 1 + sizeof(head))
		return 0;
	event->wd = head.wd;
	event->mask = head.mask;
	event->cookie = head.cookie;
	if (head.len > 0) {
		const char *name = (const char *)bytes + sizeof(head), *end = memchr(name, 0, head.len);

		if (!end || end - name > CWS_NAME_MAX || memchr(name, '/', (size_t)(end - name)))
			return 0;
		if (end > name) {
			event->name = name;
			event->length = (uint32_t)(end - name);
		}
	}
	return (uint32_t)sizeof(head) + head.len;
}
