/* SPDX-License-Identifier: Apache-2.0 */
/* fstat became a symbol of its own with glibc 2.33; before, the header made __fxstat of it. libbpf and libelf find this one. */
struct stat;

extern int __fxstat(int version, int fd, struct stat *to);
int fstat(int fd, struct stat *to);

int fstat(int fd, struct stat *to)
{
	return __fxstat(1, fd, to); /* 1: _STAT_VER of x86-64 */
}
