/* SPDX-License-Identifier: Apache-2.0 */
/* A drain of JavaScript's, for the parts of the addon that add sources to it. */
#ifndef CWS_ENGINE_H
#define CWS_ENGINE_H

#include "js.h"
#include "source.h"

struct engine;

/* The drain of argument 0, or NULL after throwing. */
struct engine *cws_engine_running(struct js_call *call);
/* Hands an opened source to the thread; its number, or a negative errno: then it is closed. */
int cws_engine_add(struct engine *engine, struct cws_source *source);
/* The source of an argument, or NULL after throwing. */
struct cws_source *cws_engine_source(struct js_call *call, struct engine *engine, size_t index);

#endif
