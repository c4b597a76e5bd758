/* SPDX-License-Identifier: Apache-2.0 */
/* What libbpf says while it works, kept for the error message: the verifier's last words come last, so the buffer keeps the end. */
#ifndef CWS_LOG_H
#define CWS_LOG_H

/* Starts keeping for this thread; what was kept is forgotten. */
void cws_log_start(void);
/* Stops, and returns the kept text: valid until the next start on this thread. */
const char *cws_log_stop(void);

#endif
