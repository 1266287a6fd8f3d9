/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Telemetry of the services. rte_telemetry calls back without a context, from threads of its own, so
 * the set that is meant stands in this file, under a lock.
 */

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <rte_common.h>
#include <rte_telemetry.h>

#include "telem_services.h"

static struct {
	pthread_rwlock_t lock;
	struct service_set *set;
} telem = {
	/* Clients that ask without a pause must not hold up the end. */
	.lock = PTHREAD_RWLOCK_WRITER_NONRECURSIVE_INITIALIZER_NP,
};

static void
add_line(struct rte_tel_data *list, const struct service_line *line)
{
	struct rte_tel_data *entry = rte_tel_data_alloc();
	char key[40];

	if (entry == NULL)
		return;
	rte_tel_data_start_dict(entry);
	rte_tel_data_add_dict_string(entry, "name", line->service->name);
	rte_tel_data_add_dict_u64(entry, "port", line->port);
	rte_tel_data_add_dict_u64(entry, "running", line->is_running ? 1 : 0);
	snprintf(key, sizeof(key), "%s/%u", line->service->name, line->port);
	if (rte_tel_data_add_dict_container(list, key, entry, 0) != 0)
		rte_tel_data_free(entry);
}

/* At most 64 entries of less than 100 bytes: they fit into an answer. */
static void
list(struct rte_tel_data *data)
{
	struct service_line lines[SERVICE_SET_MAX];
	struct rte_tel_data *entries = rte_tel_data_alloc();
	uint16_t i, nb = service_set_list(telem.set, lines);

	rte_tel_data_add_dict_u64(data, "entries", nb);
	if (entries == NULL)
		return;
	rte_tel_data_start_dict(entries);
	for (i = 0; i < nb; i++)
		add_line(entries, &lines[i]);
	if (rte_tel_data_add_dict_container(data, "services", entries, 0) != 0)
		rte_tel_data_free(entries);
}

static int
handle(const char *name, const char *params, struct rte_tel_data *data)
{
	char error[RTE_TEL_MAX_STRING_LEN];

	rte_tel_data_start_dict(data);
	if (params != NULL && *params != '\0') {
		snprintf(error, sizeof(error), "'%.*s' is no parameter here; see /help,%s",
			(int)RTE_MIN(strcspn(params, "=,"), (size_t)40), params, name);
		rte_tel_data_add_dict_string(data, "error", error);
		return 0;
	}
	pthread_rwlock_rdlock(&telem.lock);
	if (telem.set != NULL)
		list(data);
	else
		rte_tel_data_add_dict_string(data, "error", "there are no services now");
	pthread_rwlock_unlock(&telem.lock);
	return 0;
}

void
telem_services_init(struct service_set *set)
{
	pthread_rwlock_wrlock(&telem.lock);
	telem.set = set;
	pthread_rwlock_unlock(&telem.lock);
	rte_telemetry_register_cmd("/isla/services", handle, "The services and their ports");
}

void
telem_services_fini(void)
{
	pthread_rwlock_wrlock(&telem.lock);
	telem.set = NULL;
	pthread_rwlock_unlock(&telem.lock);
}
