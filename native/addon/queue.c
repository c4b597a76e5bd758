/* SPDX-License-Identifier: Apache-2.0 */
#include "queue.h"

#include <errno.h>

#include "cws_event.h"

int cws_queue_init(struct cws_queue *queue, uint8_t *base, uint64_t size)
{
	if (size < 4096 || size % 8 != 0 || size > UINT32_MAX || (uintptr_t)base % 8 != 0)
		return -EINVAL;
	*queue = (struct cws_queue){ .base = base, .size = size, .free_to = size };
	return -pthread_mutex_init(&queue->lock, NULL);
}

void cws_queue_destroy(struct cws_queue *queue)
{
	pthread_mutex_destroy(&queue->lock);
}

/* Learns how far the consumer is; an empty queue starts over at the buffer's beginning. */
void cws_queue_refresh(struct cws_queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	if (queue->head == queue->tail && queue->write == queue->tail && queue->write % queue->size != 0) {
		queue->write += queue->size - queue->write % queue->size;
		queue->head = queue->tail = queue->write;
	}
	queue->free_to = queue->head + queue->size;
	pthread_mutex_unlock(&queue->lock);
}

/* Bytes that `size` takes at the present position, with the filler it may need before it. */
static uint64_t needed(const struct cws_queue *queue, uint32_t size)
{
	uint64_t room = queue->size - queue->write % queue->size;

	return size <= room ? size : room + size;
}

uint8_t *cws_queue_reserve(struct cws_queue *queue, uint32_t size)
{
	if (size > queue->size)
		return NULL;
	if (queue->write + needed(queue, size) > queue->free_to) {
		cws_queue_refresh(queue);
		if (queue->write + needed(queue, size) > queue->free_to)
			return NULL;
	}
	uint64_t room = queue->size - queue->write % queue->size;
	if (size > room) {
		struct cws_header *pad = (struct cws_header *)(queue->base + queue->write % queue->size);

		/* Only the first eight bytes: the gap may be no larger. */
		pad->size = (uint32_t)room;
		pad->type = CWS_PAD;
		pad->flags = 0;
		queue->write += room;
	}
	return queue->base + queue->write % queue->size;
}

void cws_queue_push(struct cws_queue *queue, uint32_t size)
{
	queue->write += size;
}

bool cws_queue_publish(struct cws_queue *queue)
{
	bool tell;

	pthread_mutex_lock(&queue->lock);
	queue->tail = queue->write;
	if (queue->tail - queue->head > queue->peak)
		queue->peak = queue->tail - queue->head;
	tell = !queue->announced && queue->head != queue->tail;
	if (tell)
		queue->announced = true;
	queue->free_to = queue->head + queue->size;
	pthread_mutex_unlock(&queue->lock);
	return tell;
}

bool cws_queue_peek(struct cws_queue *queue, uint32_t budget, struct cws_span *span)
{
	uint64_t head, tail;

	pthread_mutex_lock(&queue->lock);
	head = queue->head;
	tail = queue->tail;
	if (head != tail) {
		const struct cws_header *first = (const struct cws_header *)(queue->base + head % queue->size);

		if (first->type == CWS_PAD)
			head = queue->head = head + first->size;
	}
	if (head == tail)
		queue->announced = false;
	pthread_mutex_unlock(&queue->lock);
	if (head == tail)
		return false;

	/* Only the consumer moves head and the producer never touches what is published: the walk needs no lock. */
	uint64_t at = head;
	while (at != tail && (at == head || at - head < budget)) {
		const struct cws_header *record = (const struct cws_header *)(queue->base + at % queue->size);

		if (record->type == CWS_PAD || (at > head && at % queue->size == 0))
			break;
		if (at > head && at - head + record->size > budget)
			break;
		at += record->size;
	}
	span->start = (uint32_t)(head % queue->size);
	span->end = span->start + (uint32_t)(at - head);
	return true;
}

bool cws_queue_ack(struct cws_queue *queue, uint32_t end)
{
	bool more;

	pthread_mutex_lock(&queue->lock);
	uint64_t base = queue->head - queue->head % queue->size;
	uint64_t head = base + end;
	if (head > queue->head && head <= queue->tail)
		queue->head = head;
	more = queue->head != queue->tail;
	if (!more)
		queue->announced = false;
	pthread_mutex_unlock(&queue->lock);
	return more;
}
