/* SPDX-License-Identifier: MIT */
#ifndef ETWAS_MONITOR_ETL_PROVIDER_NAME_H
#define ETWAS_MONITOR_ETL_PROVIDER_NAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROVIDER_ID_SIZE = 16 };

/*
 * The id that EventSource and TraceLogging give a provider of that name (UTF-8): in the
 * TraceLogging documentation "MyCompany.MyComponent" is ce5fa4ea-ab00-5402-8b76-9f76ac858fb5.
 * Letters beyond Latin are hashed as they are.
 */
void provider_id_of_name(const char *name, uint8_t id[PROVIDER_ID_SIZE]);

/* "{ce5fa4ea-...}" or without the braces to a GUID in its Windows order. False: it is none. */
bool provider_id_parse(const char *text, uint8_t id[PROVIDER_ID_SIZE]);

#endif
