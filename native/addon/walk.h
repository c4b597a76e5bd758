/* SPDX-License-Identifier: Apache-2.0 */
/* The way to a directory, in no part of which a symbolic link is followed. */
#ifndef CWS_WALK_H
#define CWS_WALK_H

/* An O_PATH descriptor of the directory at this absolute path, or a negative errno (-ELOOP or -ENOTDIR: there is a link in it). */
int cws_walk_open(const char *path);
/* The same step by step, for kernels before 5.6. */
int cws_walk_steps(const char *path);
/* The one of that name in an open directory. */
int cws_walk_into(int directory, const char *name);

#endif
