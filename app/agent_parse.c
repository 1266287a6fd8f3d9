/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The agent's text: requests in, answers out. Every word is checked whole; what is wrong is named.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <rte_common.h>

#include "agent_call.h"

#define WORDS " \t"

static const struct {
	const char *name;
	int64_t value;
} constants[] = {
#define C(name) {#name, name}
	C(AF_INET), C(AF_INET6), C(AF_UNIX), C(AF_UNSPEC),
	C(SOCK_STREAM), C(SOCK_DGRAM), C(SOCK_RAW), C(SOCK_NONBLOCK), C(SOCK_CLOEXEC),
	C(IPPROTO_IP), C(IPPROTO_TCP), C(IPPROTO_UDP), C(IPPROTO_IPV6),
	C(SOL_SOCKET), {"SOL_TCP", IPPROTO_TCP}, {"SOL_IP", IPPROTO_IP},
	{"SOL_IPV6", IPPROTO_IPV6}, {"SOL_UDP", IPPROTO_UDP},
	C(SOMAXCONN), C(SHUT_RD), C(SHUT_WR), C(SHUT_RDWR),
	C(F_GETFL), C(F_SETFL), C(F_GETFD), C(F_SETFD), C(FD_CLOEXEC), C(O_NONBLOCK), C(O_RDWR),
	C(FIONREAD), C(FIONBIO), C(SIOCINQ), C(SIOCOUTQ), C(SIOCOUTQNSD), C(SIOCATMARK),
	C(TIOCOUTQ), C(TIOCINQ),
	C(MSG_PEEK), C(MSG_DONTWAIT), C(MSG_WAITALL), C(MSG_OOB), C(MSG_TRUNC), C(MSG_NOSIGNAL),
	C(MSG_MORE), C(MSG_EOR), C(MSG_FASTOPEN), C(MSG_ERRQUEUE), C(MSG_ZEROCOPY),
	C(MSG_DONTROUTE), C(MSG_CONFIRM),
	C(POLLIN), C(POLLOUT), C(POLLERR), C(POLLHUP), C(POLLPRI), C(POLLNVAL), C(POLLRDNORM),
	C(POLLWRNORM), C(POLLRDBAND), C(POLLWRBAND), {"POLLRDHUP", 0x2000},
	C(EPOLLIN), C(EPOLLOUT), C(EPOLLERR), C(EPOLLHUP), C(EPOLLPRI), C(EPOLLRDHUP),
	C(EPOLLRDNORM), C(EPOLLWRNORM), C(EPOLLET), C(EPOLLONESHOT), C(EPOLLEXCLUSIVE),
	C(EPOLL_CTL_ADD), C(EPOLL_CTL_MOD), C(EPOLL_CTL_DEL), C(EPOLL_CLOEXEC),
	C(SO_ERROR), C(SO_TYPE), C(SO_PROTOCOL), C(SO_DOMAIN), C(SO_ACCEPTCONN), C(SO_REUSEADDR),
	C(SO_REUSEPORT), C(SO_KEEPALIVE), C(SO_LINGER), C(SO_RCVBUF), C(SO_SNDBUF),
	C(SO_RCVTIMEO), C(SO_SNDTIMEO), C(SO_RCVLOWAT), C(SO_SNDLOWAT), C(SO_OOBINLINE),
	C(SO_BROADCAST), C(SO_MAX_PACING_RATE), C(SO_PRIORITY), C(SO_MARK), C(SO_TIMESTAMP),
	C(SO_BINDTODEVICE), C(SO_ZEROCOPY),
	C(TCP_NOTSENT_LOWAT), C(TCP_CC_INFO), C(SO_MEMINFO),
	C(TCP_NODELAY), C(TCP_CORK), C(TCP_MAXSEG), C(TCP_INFO), C(TCP_USER_TIMEOUT),
	C(TCP_KEEPIDLE), C(TCP_KEEPINTVL), C(TCP_KEEPCNT), C(TCP_CONGESTION), C(TCP_QUICKACK),
	C(TCP_DEFER_ACCEPT), C(TCP_SYNCNT), C(TCP_LINGER2), C(TCP_FASTOPEN),
	C(TCP_FASTOPEN_CONNECT), C(TCP_WINDOW_CLAMP), C(TCP_MD5SIG), C(TCP_NOTSENT_LOWAT),
	C(TCP_INQ), C(TCP_REPAIR), C(TCP_TIMESTAMP), C(TCP_SAVE_SYN),
	C(IP_TOS), C(IP_TTL), C(IP_MTU), C(IP_MTU_DISCOVER), C(IP_RECVERR),
	C(IPV6_V6ONLY), C(IPV6_TCLASS), C(IPV6_UNICAST_HOPS), C(IPV6_MTU), C(IPV6_RECVERR),
	C(INADDR_ANY),
#undef C
};

/* Digits and nothing else, with their base. */
static bool
digits(const char *text, int64_t *number)
{
	bool minus = text[0] == '-', hex;
	const char *p = text + minus;
	char *end;

	hex = p[0] == '0' && (p[1] == 'x' || p[1] == 'X');
	p += hex ? 2 : 0;
	if (p[strspn(p, hex ? "0123456789abcdefABCDEF" : "0123456789")] != '\0' || p[0] == '\0')
		return false;
	errno = 0;
	*number = (int64_t)strtoull(p, &end, hex ? 16 : 10);
	if (errno != 0 || *number < 0)
		return false;
	if (minus)
		*number = -*number;
	return true;
}

static bool
constant(const char *name, size_t len, int64_t *value)
{
	unsigned int i;

	for (i = 0; i < RTE_DIM(constants); i++)
		if (strlen(constants[i].name) == len && memcmp(constants[i].name, name, len) == 0) {
			*value = constants[i].value;
			return true;
		}
	return false;
}

bool
agent_number(const char *text, int64_t *number)
{
	char part[32];
	int64_t value;
	size_t n;

	*number = 0;
	do {
		n = strcspn(text, "|");
		if (n == 0 || n >= sizeof(part))
			return false;
		memcpy(part, text, n);
		part[n] = '\0';
		if (!digits(part, &value) && !constant(part, n, &value))
			return false;
		*number |= value;
		text += n;
	} while (*text++ == '|');
	/* What fits an int or an unsigned int. */
	return *number >= INT32_MIN && *number <= (int64_t)UINT32_MAX;
}

static bool
address(const char *ip, const char *port, struct isla_socket_addr *addr)
{
	static const char mapped[] = "::ffff:";
	bool is_v6 = strchr(ip, ':') != NULL;
	int64_t number;

	if (strncasecmp(ip, mapped, sizeof(mapped) - 1) == 0 && strchr(ip, '.') != NULL)
		ip += sizeof(mapped) - 1;
	if (isla_addr_parse(ip, &addr->addr) != 0 || !digits(port, &number) || number < 0 ||
		number > UINT16_MAX)
		return false;
	addr->family = is_v6 ? AF_INET6 : AF_INET;
	addr->port = (uint16_t)number;
	return true;
}

static bool
bytes(const char *text, struct agent_call *call)
{
	size_t len = strlen(text), i;
	char pair[3] = "";

	if (len % 2 != 0 || len / 2 > sizeof(call->opt) ||
		text[strspn(text, "0123456789abcdefABCDEF")] != '\0')
		return false;
	for (i = 0; i < len / 2; i++) {
		memcpy(pair, text + 2 * i, 2);
		call->opt[i] = (uint8_t)strtoul(pair, NULL, 16);
	}
	call->opt_len = (uint32_t)(len / 2);
	return true;
}

/* FD EVENTS, any number of times. NULL, or what is wrong. */
static const char *
pairs(char *word, char **save, struct agent_call *call)
{
	int64_t fd, events;

	while (word != NULL) {
		const char *second = strtok_r(NULL, WORDS, save);

		if (call->nb_pairs == AGENT_POLL_MAX)
			return "too many descriptors";
		if (second == NULL)
			return "a descriptor without events";
		if (!agent_number(word, &fd) || !agent_number(second, &events))
			return "not a number";
		call->pair[call->nb_pairs].fd = (int)fd;
		call->pair[call->nb_pairs++].events = (uint16_t)events;
		word = strtok_r(NULL, WORDS, save);
	}
	return NULL;
}

/* All words behind the verb. NULL, or what is wrong. */
static const char *
arguments(struct agent_call *call, char **save)
{
	const char *arg = call->verb->args, *port;
	unsigned int nb = 0;
	bool optional = false;
	char *word;

	for (; *arg != '\0'; arg++) {
		if (*arg == '?') {
			optional = true;
			continue;
		}
		word = strtok_r(NULL, WORDS, save);
		if (*arg == 'p')
			return pairs(word, save, call);
		if (word == NULL)
			return optional ? NULL : "an argument is missing";
		switch (*arg) {
		case 'n':
			if (!agent_number(word, &call->number[nb++]))
				return "not a number";
			break;
		case 'a':
			port = strtok_r(NULL, WORDS, save);
			if (port == NULL)
				return "an argument is missing";
			if (!address(word, port, &call->addr))
				return "not an address and a port";
			call->has_addr = true;
			break;
		default:
			if (!bytes(word, call))
				return "not bytes in hexadecimal";
			break;
		}
	}
	return strtok_r(NULL, WORDS, save) != NULL ? "too many arguments" : NULL;
}

bool
agent_parse(struct agent_call *call, char *line)
{
	const struct agent_verb *v = agent_verbs;
	char *save = NULL, *name;
	size_t len = strlen(line);

	memset(call, 0, sizeof(*call));
	call->deadline_us = UINT64_MAX;
	if (len > 0 && line[len - 1] == '\r')
		line[len - 1] = '\0';
	name = strtok_r(line, WORDS, &save);
	while (v->name != NULL && (name == NULL || strcmp(v->name, name) != 0))
		v++;
	call->verb = v;
	call->why = v->name == NULL ? "no such call" : arguments(call, &save);
	call->ret = call->why != NULL ? -EINVAL : 0;
	return call->why == NULL;
}

/* Append to the answer; what does not fit is left out, which the sizes above rule out. */
static void append(char *buf, size_t size, size_t *at, const char *format, ...)
	__rte_format_printf(4, 5);

static void
append(char *buf, size_t size, size_t *at, const char *format, ...)
{
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(buf + *at, size - *at, format, ap);
	va_end(ap);
	*at += RTE_MIN((size_t)RTE_MAX(n, 0), size - *at - 1);
}

size_t
agent_answer(const struct agent_call *call, char *buf, size_t size)
{
	char text[ISLA_ADDR_STRLEN];
	size_t at = 0;
	uint32_t i;

	size--; /* of the newline */
	if (call->ret < 0)
		append(buf, size, &at, "-1 %d", (int)-call->ret);
	else
		append(buf, size, &at, "%" PRId64 " 0", call->ret);
	if (call->why != NULL)
		append(buf, size, &at, " %s", call->why);
	if (call->has_peer && call->ret >= 0)
		append(buf, size, &at, " %s%s %u",
			call->peer.family == AF_INET6 && isla_addr_is_v4(&call->peer.addr) ?
			"::ffff:" : "",
			isla_addr_format(&call->peer.addr, text, sizeof(text)), call->peer.port);
	if (call->has_value && call->ret >= 0)
		append(buf, size, &at, " %d", call->value);
	if (call->has_opt && call->ret >= 0 && call->opt_len > 0) {
		append(buf, size, &at, " ");
		for (i = 0; i < call->opt_len; i++)
			append(buf, size, &at, "%02x", call->opt[i]);
	}
	for (i = 0; call->has_pairs && i < call->nb_pairs; i++)
		append(buf, size, &at, " %d %u", call->pair[i].fd, call->pair[i].revents);
	for (i = 0; call->has_events && i < call->nb_pairs; i++)
		append(buf, size, &at, " %d %u", call->pair[i].fd, call->event[i]);
	buf[at++] = '\n';
	return at;
}
