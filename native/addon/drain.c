/* SPDX-License-Identifier: Apache-2.0 */
#define _GNU_SOURCE
#include "drain.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "boottime.h"

static const uint64_t FULL_REST = 5 * 1000000; /* ns between looks at a queue without room */
/* ns between reads of the kernel's loss counters (system calls): soon when a source's buffer was found rather full, else seldom. */
static const uint64_t LOSS_READ_FULL = 50 * 1000000, LOSS_READ = 1000 * 1000000;
static const double LOSS_FILL = 0.25;
static const uint64_t LOOK = 5 * 1000000; /* ns of a rest after which the sources are looked at */
static const int LAST_PASSES = 64;
static const uint64_t URGENT = 200 * 1000; /* ns of a rest after which what is urgent ends it */
static const uint64_t BUSY_REST = 50 * 1000; /* ns: a record at the head of a ring is still being written */

/* What one pass over the sources found. */
struct pass {
	uint64_t records;
	double fill;
	bool more, full, notify;
};

/* Drains the sources that gather, or those that do not. */
static void drain_sources(struct cws_drain *drain, bool gathering, struct pass *pass)
{
	for (int i = 0; i < drain->source_count; i++) {
		struct cws_source *source = drain->sources[i];

		if ((source->ops->gather != NULL) != gathering)
			continue;
		struct cws_drained drained = source->ops->drain(source, &drain->sink);
		pass->records += drained.records;
		pass->more |= drained.more;
		pass->full |= drained.full;
		if (drained.fill > pass->fill)
			pass->fill = drained.fill;
	}
}

static void gather_all(struct cws_drain *drain)
{
	bool some = false;

	for (int i = 0; i < drain->source_count; i++)
		if (drain->sources[i]->ops->gather)
			some |= drain->sources[i]->ops->gather(drain->sources[i]);
	for (int i = 0; i < drain->source_count && some; i++)
		if (drain->sources[i]->ops->note)
			drain->sources[i]->ops->note(drain->sources[i]);
}

static bool caught_up(const struct cws_drain *drain)
{
	for (int i = 0; i < drain->source_count; i++)
		if (drain->sources[i]->ops->noted_taken && !drain->sources[i]->ops->noted_taken(drain->sources[i]))
			return false;
	return true;
}

static void read_losses(struct cws_drain *drain)
{
	for (int i = 0; i < drain->source_count; i++)
		if (drain->sources[i]->ops->losses)
			drain->sources[i]->ops->losses(drain->sources[i], &drain->sink);
	/* What was lost was lost before now. */
	drain->sink.now = drain->losses_read = cws_boottime_ns();
	drain->losses_after = 0;
}

static struct pass drain_once(struct cws_drain *drain)
{
	struct pass pass = { 0 };

	gather_all(drain);
	drain->sink.now = cws_boottime_ns();
	drain->sink.doubtful = false;
	cws_queue_refresh(&drain->queue);
	drain_sources(drain, false, &pass);
	/* Told ahead of what was gathered: an exec that is missing must not leave its change to the image before it. */
	if (drain->sink.doubtful)
		read_losses(drain);
	/* What was gathered waits until all that may have come before it is in the queue, and no longer: a flood behind it does not hold it up. */
	if (!pass.full && caught_up(drain))
		drain_sources(drain, true, &pass);
	drain->drains++;
	if (pass.fill > LOSS_FILL)
		drain->losses_after = LOSS_READ_FULL;
	else if (pass.fill > 0 && !drain->losses_after)
		drain->losses_after = LOSS_READ;
	if (drain->stop || (drain->losses_after && drain->sink.now - drain->losses_read >= drain->losses_after))
		read_losses(drain);
	cws_loss_tell(&drain->sink.loss, &drain->queue, drain->sink.now);
	pass.notify = cws_queue_publish(&drain->queue);
	cws_pace_note(&drain->pace, drain->sink.now, pass.records, pass.fill);
	if (cws_pace_rate(&drain->pace) >= CWS_PACE_SPARSE)
		drain->pace.saturated = cws_saturated(&drain->saturation, drain->sink.now);
	return pass;
}

/* True when somebody wants the thread meanwhile. What is urgent is looked at soon, but not more often than so: a flood of it must not cost what the rest saves. */
static bool rest(struct cws_drain *drain, uint64_t ns)
{
	struct pollfd fds[CWS_DRAIN_SOURCES + 1] = { { .fd = drain->control_fd, .events = POLLIN } };
	nfds_t count = 1;

	pthread_mutex_lock(&drain->lock);
	for (int i = 0; i < drain->source_count; i++)
		if (drain->sources[i]->urgent)
			fds[count++] = (struct pollfd){ .fd = drain->sources[i]->fd, .events = POLLIN };
	pthread_mutex_unlock(&drain->lock);
	uint64_t first = count > 1 && ns > URGENT ? URGENT : ns;
	struct timespec timeout = { .tv_sec = (time_t)(first / 1000000000), .tv_nsec = (long)(first % 1000000000) };
	if (ppoll(fds, 1, &timeout, NULL) != 0)
		return true;
	if (first == ns)
		return false;
	timeout = (struct timespec){ .tv_sec = (time_t)((ns - first) / 1000000000), .tv_nsec = (long)((ns - first) % 1000000000) };
	return ppoll(fds, count, &timeout, NULL) != 0;
}

static bool filling(struct cws_drain *drain)
{
	bool some = false;

	pthread_mutex_lock(&drain->lock);
	for (int i = 0; i < drain->source_count && !some; i++)
		some = drain->sources[i]->ops->fill && drain->sources[i]->ops->fill(drain->sources[i]) > LOSS_FILL;
	pthread_mutex_unlock(&drain->lock);
	return some;
}

/* A long rest is cut short when long records fill a buffer meanwhile: their number alone does not say how fast. */
static void long_rest(struct cws_drain *drain, uint64_t ns)
{
	while (ns > LOOK && !rest(drain, LOOK) && !filling(drain))
		ns -= LOOK;
	if (ns <= LOOK)
		rest(drain, ns);
}

/* Asks for wake-ups and sleeps until one comes, or the bound. */
static void sleep_armed(struct cws_drain *drain)
{
	struct pollfd fds[2 * CWS_DRAIN_SOURCES + 1];
	bool quiet = true;
	int count = 0;

	/* Nobody else adds or removes sources while this thread holds the lock; once it is dropped, the descriptors copied here may be closed by
	 * a removal, which writes to the control descriptor first: poll then returns. */
	pthread_mutex_lock(&drain->lock);
	for (int i = 0; i < drain->source_count; i++) {
		quiet &= drain->sources[i]->ops->arm(drain->sources[i]);
		fds[count++] = (struct pollfd){ .fd = drain->sources[i]->fd, .events = POLLIN };
		if (drain->sources[i]->ops->alarm)
			fds[count++] = (struct pollfd){ .fd = drain->sources[i]->ops->alarm(drain->sources[i]), .events = POLLPRI };
	}
	fds[count++] = (struct pollfd){ .fd = drain->control_fd, .events = POLLIN };
	quiet &= !drain->stop;
	pthread_mutex_unlock(&drain->lock);

	if (quiet) {
		drain->sleeps++;
		poll(fds, (nfds_t)count, (int)drain->options.max_sleep_ms);
	} else {
		rest(drain, BUSY_REST);
	}

	pthread_mutex_lock(&drain->lock);
	for (int i = 0; i < drain->source_count; i++)
		drain->sources[i]->ops->disarm(drain->sources[i]);
	pthread_mutex_unlock(&drain->lock);
}

/* What sources held back is the last of them. */
static void finish(struct cws_drain *drain)
{
	pthread_mutex_lock(&drain->lock);
	for (int i = 0; i < drain->source_count; i++)
		if (drain->sources[i]->ops->finish)
			drain->sources[i]->ops->finish(drain->sources[i], &drain->sink);
	cws_loss_tell(&drain->sink.loss, &drain->queue, drain->sink.now);
	bool notify = cws_queue_publish(&drain->queue);
	pthread_mutex_unlock(&drain->lock);
	if (notify)
		drain->options.notify(drain->options.context);
}

static void *run(void *argument)
{
	struct cws_drain *drain = argument;
	uint64_t told;

	pthread_setname_np(pthread_self(), "cws-drain");
	for (;;) {
		pthread_mutex_lock(&drain->lock);
		if (read(drain->control_fd, &told, sizeof(told)) < 0 && errno != EAGAIN)
			drain->stop = true;
		bool stop = drain->stop;
		struct pass pass = drain_once(drain);
		uint64_t period = cws_pace_period(&drain->pace);
		pthread_mutex_unlock(&drain->lock);

		if (pass.notify)
			drain->options.notify(drain->options.context);
		if (stop && (pass.full || !pass.more)) {
			finish(drain);
			return NULL;
		}
		if (pass.more && !pass.full)
			continue;
		if (pass.full && period < FULL_REST)
			period = FULL_REST;
		if (period)
			long_rest(drain, period);
		else
			sleep_armed(drain);
	}
}

int cws_drain_open(struct cws_drain *drain, const struct cws_drain_options *options)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	int error;

	memset(drain, 0, sizeof(*drain));
	drain->options = *options;
	drain->control_fd = -1;
	error = cws_queue_init(&drain->queue, options->buffer, options->buffer_bytes);
	if (error)
		return error;
	drain->sink.queue = &drain->queue;
	error = cws_join_init(&drain->sink.join);
	if (error)
		goto no_join;
	drain->control_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (drain->control_fd < 0) {
		error = -errno;
		goto no_control;
	}
	cws_saturation_open(&drain->saturation);
	pthread_mutex_init(&drain->lock, NULL);
	pthread_attr_init(&attributes);
	pthread_attr_setstacksize(&attributes, 256 * 1024);
	/* Signals are for JavaScript's threads: the new one inherits a full mask. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	error = -pthread_create(&drain->thread, &attributes, run, drain);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	if (error)
		goto no_thread;
	drain->running = true;
	return 0;

no_thread:
	pthread_mutex_destroy(&drain->lock);
	cws_saturation_close(&drain->saturation);
	close(drain->control_fd);
no_control:
	cws_join_destroy(&drain->sink.join);
no_join:
	cws_queue_destroy(&drain->queue);
	return error;
}

static void kick(struct cws_drain *drain)
{
	const uint64_t one = 1;

	/* Fails only when the counter is full: then it is readable already. */
	if (write(drain->control_fd, &one, sizeof(one)) < 0)
		return;
}

int cws_drain_add(struct cws_drain *drain, struct cws_source *source)
{
	int error = 0;

	pthread_mutex_lock(&drain->lock);
	if (drain->stop)
		error = -ESHUTDOWN;
	else if (drain->source_count == CWS_DRAIN_SOURCES)
		error = -ENOSPC;
	else if (source->ops->gather)
		error = cws_images_want(&drain->sink.images);
	if (!error)
		drain->sources[drain->source_count++] = source;
	/* What a new source would have told before is not known. */
	cws_images_doubt(&drain->sink.images, cws_boottime_ns());
	pthread_mutex_unlock(&drain->lock);
	kick(drain);
	return error;
}

/* Whole passes before a source that gathers goes, so that its last records keep their place behind the others'. */
static void drain_last(struct cws_drain *drain)
{
	bool notify = false;

	for (int passes = 0; passes < LAST_PASSES; passes++) {
		struct pass pass = drain_once(drain);

		notify |= pass.notify;
		if (!pass.more || pass.full)
			break;
	}
	if (notify)
		drain->options.notify(drain->options.context);
}

int cws_drain_remove(struct cws_drain *drain, struct cws_source *source)
{
	int error = -ENOENT;

	kick(drain);
	pthread_mutex_lock(&drain->lock);
	if (source->ops->gather)
		drain_last(drain);
	for (int i = 0; i < drain->source_count; i++) {
		if (drain->sources[i] != source)
			continue;
		drain->sources[i] = drain->sources[--drain->source_count];
		error = 0;
		break;
	}
	if (error == 0) {
		drain->sink.now = cws_boottime_ns();
		source->ops->drain(source, &drain->sink);
		if (source->ops->finish)
			source->ops->finish(source, &drain->sink);
		if (source->ops->losses)
			source->ops->losses(source, &drain->sink);
		source->ops->close(source);
	}
	pthread_mutex_unlock(&drain->lock);
	return error;
}

void cws_drain_stop(struct cws_drain *drain)
{
	if (!drain->running)
		return;
	pthread_mutex_lock(&drain->lock);
	drain->stop = true;
	pthread_mutex_unlock(&drain->lock);
	kick(drain);
	pthread_join(drain->thread, NULL);
	drain->running = false;
	for (int i = 0; i < drain->source_count; i++)
		drain->sources[i]->ops->close(drain->sources[i]);
	drain->source_count = 0;
}

void cws_drain_destroy(struct cws_drain *drain)
{
	pthread_mutex_destroy(&drain->lock);
	cws_saturation_close(&drain->saturation);
	close(drain->control_fd);
	cws_join_destroy(&drain->sink.join);
	cws_images_destroy(&drain->sink.images);
	cws_queue_destroy(&drain->queue);
}

void cws_drain_stats(struct cws_drain *drain, struct cws_drain_stats *stats)
{
	pthread_mutex_lock(&drain->lock);
	*stats = (struct cws_drain_stats){
		.records = drain->sink.records,
		.broken = drain->sink.broken,
		.evicted = drain->sink.join.evicted,
		.lost_ring = drain->sink.loss.total[CWS_STAGE_RING],
		.lost_queue = drain->sink.loss.total[CWS_STAGE_QUEUE],
		.drains = drain->drains,
		.sleeps = drain->sleeps,
		.period = drain->pace.period,
		.rate = cws_pace_rate(&drain->pace),
	};
	pthread_mutex_unlock(&drain->lock);
	pthread_mutex_lock(&drain->queue.lock);
	stats->queue_peak = drain->queue.peak;
	pthread_mutex_unlock(&drain->queue.lock);
}
