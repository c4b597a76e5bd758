/* SPDX-License-Identifier: Apache-2.0 */
/*
 * @cws/native: libbpf, the drain thread and a few system calls for JavaScript. The functions here are raw; native/src gives them their types
 * and manners. Nothing is global but libbpf's print hook, so the addon may be loaded in several threads of one process.
 */
#include "addon.h"

NAPI_MODULE_INIT()
{
	cws_define_object(env, exports);
	cws_define_map(env, exports);
	cws_define_drain(env, exports);
	cws_define_changes(env, exports);
	cws_define_probe(env, exports);
	cws_define_system(env, exports);
	cws_define_timed(env, exports);
	cws_define_patterns(env, exports);
	cws_define_watchdog(env, exports);
	cws_define_listed(env, exports);
	return exports;
}
