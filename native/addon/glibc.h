/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Included before everything else: binds what newer C libraries gave a newer version to the oldest one, so that an addon built on a current
 * distribution loads on glibc 2.28, Node's own floor. (The thread functions moved from libpthread into libc with 2.34; node itself loads
 * libpthread on older hosts.)
 */
#ifndef CWS_GLIBC_H
#define CWS_GLIBC_H

#define CWS_OLD(symbol, version) __asm__(".symver " #symbol "," #symbol "@GLIBC_" version)

CWS_OLD(pthread_attr_setstacksize, "2.2.5");
CWS_OLD(pthread_create, "2.2.5");
CWS_OLD(pthread_join, "2.2.5");
CWS_OLD(pthread_once, "2.2.5");
CWS_OLD(pthread_setname_np, "2.12");
CWS_OLD(pthread_sigmask, "2.2.5");
CWS_OLD(__fxstat, "2.2.5");

#endif
