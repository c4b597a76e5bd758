/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine_costs: what steps of the kernel cost on this host, in nanoseconds, a number a line: a system call; a page of memory touched for the first
 * time; a byte sent to another process and back; a wake-up of a thread that sleeps, over and back; fork, exec of /bin/true, exit and wait.
 */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 200000, PAGES = 8192, TRIPS = 5000, EXECS = 500 };

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what)
{
	perror(what);
	exit(1);
}

static void calls(void)
{
	long long start = now_ns();

	for (int i = 0; i < CALLS; i++)
		syscall(SYS_getppid);
	printf("%lld\n", (now_ns() - start) / CALLS);
}

static void pages(void)
{
	size_t size = (size_t)PAGES * 4096;
	volatile char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long long start = now_ns();

	if (memory == MAP_FAILED)
		fail("mmap");
	for (size_t at = 0; at < size; at += 4096)
		memory[at] = 1;
	printf("%lld\n", (now_ns() - start) / PAGES);
	munmap((void *)memory, size);
}

/* Reads from one descriptor and answers on the other until it ends. */
static void echo(const int fds[2])
{
	uint64_t value;
	ssize_t got;

	while ((got = read(fds[0], &value, sizeof(value))) > 0 && value != UINT64_MAX - 1)
		if (write(fds[1], &value, (size_t)got) != got)
			return;
}

static void *echo_thread(void *argument)
{
	echo(argument);
	return NULL;
}

static void trips(int to, int from)
{
	uint64_t value = 1;
	long long start = now_ns();

	for (int i = 0; i < TRIPS; i++)
		if (write(to, &value, sizeof(value)) != sizeof(value) || read(from, &value, sizeof(value)) != sizeof(value))
			fail("round trip");
	printf("%lld\n", (now_ns() - start) / TRIPS);
}

static void processes(void)
{
	int there[2], back[2];

	if (pipe(there) || pipe(back))
		fail("pipe");
	pid_t child = fork();
	if (child < 0)
		fail("fork");
	if (child == 0) {
		close(there[1]);
		echo((int[]){ there[0], back[1] });
		_exit(0);
	}
	trips(there[1], back[0]);
	close(there[1]);
	waitpid(child, NULL, 0);
}

static void threads(void)
{
	int there = eventfd(0, 0), back = eventfd(0, 0), fds[2] = { there, back };
	uint64_t end = UINT64_MAX - 1;
	pthread_t thread;

	if (there < 0 || back < 0 || pthread_create(&thread, NULL, echo_thread, fds))
		fail("thread");
	trips(there, back);
	if (write(there, &end, sizeof(end)) != sizeof(end))
		fail("eventfd");
	pthread_join(thread, NULL);
}

static void execs(void)
{
	char *arguments[] = { "/bin/true", NULL }, *environment[] = { NULL };
	long long start = now_ns();

	for (int i = 0; i < EXECS; i++) {
		pid_t child = fork();

		if (child == 0) {
			execve(arguments[0], arguments, environment);
			_exit(127);
		}
		if (child < 0 || waitpid(child, NULL, 0) != child)
			fail("fork");
	}
	printf("%lld\n", (now_ns() - start) / EXECS);
}

int main(void)
{
	calls();
	pages();
	fflush(stdout);
	processes();
	threads();
	fflush(stdout);
	execs();
	return 0;
}
