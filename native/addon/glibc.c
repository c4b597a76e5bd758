/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fstat and fstatat became symbols of their own with glibc 2.33; before, the header made __fxstat and __fxstatat of them. libbpf, libelf and this
 * addon find these.
 */
struct stat;

extern int __fxstat(int version, int fd, struct stat *to);
extern int __fxstatat(int version, int folder, const char *name, struct stat *to, int flags);
int fstat(int fd, struct stat *to);
int fstatat(int folder, const char *name, struct stat *to, int flags);

int fstat(int fd, struct stat *to)
{
	return __fxstat(1, fd, to); /* 1: _STAT_VER of x86-64 */
}

int fstatat(int folder, const char *name, struct stat *to, int flags)
{
	return __fxstatat(1, folder, name, to, flags);
}
