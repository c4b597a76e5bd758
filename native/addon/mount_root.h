/* SPDX-License-Identifier: Apache-2.0 */
/* The root of one mount, opened by way of the mounts above it. */
#ifndef CWS_MOUNT_ROOT_H
#define CWS_MOUNT_ROOT_H

#include <linux/openat2.h>

#include "mounts.h"

/* No other mount is crossed, and no link followed. */
#define CWS_MOUNT_WALK (RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS | RESOLVE_BENEATH)

/* An O_PATH descriptor of it, to be closed, or a negative errno; -EXDEV: what is there now is another. Learns its `unique`. */
int cws_mount_reach(struct cws_mount *mount);
/* A descriptor by which its files can be opened, until cws_mounts_rest, or a negative errno. Not of a remote one. */
int cws_mount_root(struct cws_mount *mount);

#endif
