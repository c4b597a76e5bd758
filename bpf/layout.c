// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
/* Never loaded: its BTF carries every shared type, used or not, and is what scripts/generate-layout.ts reads. */
#include "cws_shared.h"

struct {
	enum cws_type type;
	enum cws_record_flag record_flag;
	enum cws_file_flag file_flag;
	enum cws_limit limit;
	struct cws_exec exec;
	struct cws_fork fork;
	struct cws_exit exit;
	struct cws_argv_chunk argv_chunk;
	struct cws_change change;
	struct cws_lost lost;
	struct cws_wake wake;
	struct cws_counter counter;
} layout;
