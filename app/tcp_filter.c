/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which connections to show: terms as ss(8) has them.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "tcp_text.h"

#define ALL_STATES   ((ISLA_TCP_TIME_WAIT << 1) - 1)
#define SYNCHRONIZED (ALL_STATES & ~(ISLA_TCP_CLOSED | ISLA_TCP_LISTEN | ISLA_TCP_SYN_SENT | \
	ISLA_TCP_SYN_RECEIVED))

static const struct {
	const char *name;
	uint16_t states;
} state_names[] = {
	{"all", ALL_STATES},
	{"connected", ALL_STATES & ~(ISLA_TCP_CLOSED | ISLA_TCP_LISTEN)},
	{"synchronized", SYNCHRONIZED | ISLA_TCP_SYN_RECEIVED},
	{"bucket", ISLA_TCP_SYN_RECEIVED | ISLA_TCP_TIME_WAIT},
	{"big", ALL_STATES & ~(ISLA_TCP_SYN_RECEIVED | ISLA_TCP_TIME_WAIT)},
	{"established", ISLA_TCP_ESTABLISHED},
	{"syn-sent", ISLA_TCP_SYN_SENT},
	{"syn-recv", ISLA_TCP_SYN_RECEIVED},
	{"syn-received", ISLA_TCP_SYN_RECEIVED},
	{"fin-wait-1", ISLA_TCP_FIN_WAIT_1},
	{"fin-wait-2", ISLA_TCP_FIN_WAIT_2},
	{"close-wait", ISLA_TCP_CLOSE_WAIT},
	{"closing", ISLA_TCP_CLOSING},
	{"last-ack", ISLA_TCP_LAST_ACK},
	{"time-wait", ISLA_TCP_TIME_WAIT},
	{"listening", ISLA_TCP_LISTEN},
	{"listen", ISLA_TCP_LISTEN},
};

/* The states of that name; 0: there is none. */
static uint16_t
find_states(const char *name)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(state_names); i++)
		if (strcmp(name, state_names[i].name) == 0)
			return state_names[i].states;
	return 0;
}

static int
take_state(const char *value, struct tcp_filter *f, char *err, size_t err_size)
{
	uint16_t states = find_states(value);
	unsigned int i;
	size_t n;

	f->states |= states;
	if (states != 0)
		return 0;
	n = (size_t)snprintf(err, err_size, "state '%.32s' is not known: give", value);
	for (i = 0; i < RTE_DIM(state_names) && n < err_size; i++)
		n += (size_t)snprintf(err + n, err_size - n, "%s %s", i > 0 ? "," : "",
			state_names[i].name);
	return -EINVAL;
}

static int
take_prefix(const char *what, const char *value, struct isla_prefix *prefix, bool *has, char *err,
	size_t err_size)
{
	if (*has) {
		snprintf(err, err_size, "%s is given twice", what);
		return -EINVAL;
	}
	if (isla_prefix_parse(value, prefix) != 0) {
		snprintf(err, err_size, "%s '%.64s' is not possible: give an address or a prefix, "
			"such as 10.0.0.0/8", what, value);
		return -EINVAL;
	}
	*has = true;
	return 0;
}

static int
take_number(const char *what, const char *value, uint16_t min, uint16_t max, uint16_t *number,
	char *err, size_t err_size)
{
	unsigned long n;
	char *end;

	value += *value == ':';
	errno = 0;
	n = strtoul(value, &end, 10);
	if (*value < '0' || *value > '9' || *end != '\0' || errno != 0 || n < min || n > max) {
		snprintf(err, err_size, "%s '%.64s' is not possible: give a number from %u to %u",
			what, value, min, max);
		return -EINVAL;
	}
	*number = (uint16_t)n;
	return 0;
}

static int
take_term(const char *term, const char *value, struct tcp_filter *f, char *err, size_t err_size)
{
	if (strcmp(term, "state") == 0)
		return take_state(value, f, err, err_size);
	if (strcmp(term, "src") == 0)
		return take_prefix(term, value, &f->src, &f->has_src, err, err_size);
	if (strcmp(term, "dst") == 0)
		return take_prefix(term, value, &f->dst, &f->has_dst, err, err_size);
	if (strcmp(term, "addr") == 0)
		return take_prefix(term, value, &f->addr, &f->has_addr, err, err_size);
	if (strcmp(term, "sport") == 0)
		return take_number(term, value, 1, UINT16_MAX, &f->sport, err, err_size);
	if (strcmp(term, "dport") == 0)
		return take_number(term, value, 1, UINT16_MAX, &f->dport, err, err_size);
	if (strcmp(term, "port") == 0)
		return take_number(term, value, 1, UINT16_MAX, &f->port, err, err_size);
	return take_number(term, value, 0, UINT16_MAX - 1, &f->shard, err, err_size);
}

static bool
is_term(const char *word)
{
	static const char *const terms[] = {"state", "src", "dst", "addr", "sport", "dport",
		"port", "shard"};
	unsigned int i;

	for (i = 0; i < RTE_DIM(terms); i++)
		if (strcmp(word, terms[i]) == 0)
			return true;
	return false;
}

int
tcp_filter_parse(int argc, char **argv, struct tcp_filter *filter, char *err, size_t err_size)
{
	struct tcp_filter f = {.shard = UINT16_MAX};
	int i = 0;

	while (i < argc) {
		const char *term = argv[i++];

		/* A state's name may stand alone: nothing else is called so. */
		if (find_states(term) != 0) {
			f.states |= find_states(term);
			continue;
		}
		if (!is_term(term)) {
			snprintf(err, err_size, "'%.64s' is no term: give [state] NAME, src, dst "
				"or addr ADDR[/LEN], sport, dport or port N, shard N", term);
			return -EINVAL;
		}
		if (i < argc && (strcmp(argv[i], "=") == 0 || strcmp(argv[i], "==") == 0))
			i++;
		if (i == argc) {
			snprintf(err, err_size, "%s wants a value", term);
			return -EINVAL;
		}
		if (take_term(term, argv[i++], &f, err, err_size) != 0)
			return -EINVAL;
	}
	if (f.states == 0)
		f.states = ALL_STATES & ~ISLA_TCP_LISTEN;
	*filter = f;
	return 0;
}

bool
tcp_filter_match(const struct tcp_filter *f, const struct isla_tcp_entry *e)
{
	const struct isla_tcp_ends *ends = &e->ends;

	if ((f->states & e->state) == 0)
		return false;
	if ((f->sport != 0 && f->sport != ends->local_port) ||
		(f->dport != 0 && f->dport != ends->remote_port) ||
		(f->port != 0 && f->port != ends->local_port && f->port != ends->remote_port))
		return false;
	return (!f->has_src || isla_prefix_match(&f->src, &ends->local)) &&
		(!f->has_dst || isla_prefix_match(&f->dst, &ends->remote)) &&
		(!f->has_addr || isla_prefix_match(&f->addr, &ends->local) ||
			isla_prefix_match(&f->addr, &ends->remote));
}
