/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The lease file. For example:
 *
 *     interface 02:00:00:00:00:02
 *     address 192.168.5.77/24
 *     server 192.168.5.1
 *     since 1790000000000000
 *     lease 3600 0 0
 *     route 0.0.0.0/0 192.168.5.1
 *     dns 192.168.5.1
 *     end
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <rte_common.h>
#include <rte_ether.h>
#include <rte_string_fns.h>

#include "dhcp_file.h"

#define LINE_MAX_BYTES 1024

const struct isla_dhcp_lease *
dhcp_file_find(const struct dhcp_file *file, const uint8_t mac[6])
{
	unsigned int i;

	for (i = 0; i < file->nb; i++)
		if (memcmp(file->entry[i].mac, mac, 6) == 0)
			return &file->entry[i].lease;
	return NULL;
}

void
dhcp_file_set(struct dhcp_file *file, const uint8_t mac[6], const struct isla_dhcp_lease *lease)
{
	unsigned int i = 0;

	while (i < file->nb && memcmp(file->entry[i].mac, mac, 6) != 0)
		i++;
	if (lease == NULL) {
		if (i < file->nb)
			file->entry[i] = file->entry[--file->nb];
		return;
	}
	if (i == RTE_DIM(file->entry))
		i = 0; /* of interfaces that are long gone the first */
	else if (i == file->nb)
		file->nb++;
	memcpy(file->entry[i].mac, mac, 6);
	file->entry[i].lease = *lease;
}

/* ---- in ---- */

static bool
v4_parse(const char *text, struct isla_addr *addr)
{
	return isla_addr_parse(text, addr) == 0 && isla_addr_is_v4(addr);
}

static bool
prefix_parse(const char *text, struct isla_prefix *prefix)
{
	return isla_prefix_parse(text, prefix) == 0 && isla_addr_is_v4(&prefix->addr);
}

static bool
number_parse(const char *text, uint64_t max, uint64_t *value)
{
	char *end;

	if (text[0] < '0' || text[0] > '9')
		return false;
	errno = 0;
	*value = strtoull(text, &end, 10);
	return errno == 0 && *end == '\0' && *value <= max;
}

static bool
list_add(struct isla_addr *list, uint8_t *nb, const char *text)
{
	if (*nb == ISLA_DHCP_SERVERS_MAX)
		return true; /* as if it had not been told */
	if (!v4_parse(text, &list[*nb]))
		return false;
	(*nb)++;
	return true;
}

static bool
route_add(struct isla_dhcp_lease *l, const char *to, const char *gateway)
{
	struct isla_dhcp_route *r = &l->route[l->nb_routes];

	if (l->nb_routes == ISLA_DHCP_ROUTES_MAX)
		return true;
	if (!prefix_parse(to, &r->prefix) || !v4_parse(gateway, &r->gateway))
		return false;
	l->nb_routes++;
	return true;
}

static bool
times_parse(struct isla_dhcp_lease *l, char *const *word)
{
	uint64_t v[3];
	unsigned int i;

	for (i = 0; i < 3; i++)
		if (!number_parse(word[i], UINT32_MAX, &v[i]))
			return false;
	l->lease_s = (uint32_t)v[0];
	l->t1_s = (uint32_t)v[1];
	l->t2_s = (uint32_t)v[2];
	return true;
}

/* Text of a lease has letters, digits, '-', '_', '.' alone, and blanks in the search list. */
static bool
text_parse(char *to, size_t size, const char *text)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				   "0123456789-_. ";

	return text[strspn(text, good)] == '\0' && strlen(text) < size &&
		rte_strscpy(to, text, size) >= 0;
}

/* One line of a block: its first word, and the rest, as it is and in words. */
static bool
line_parse(struct isla_dhcp_lease *l, const char *key, const char *rest, char *const *word, int nb)
{
	uint64_t v;

	if (strcmp(key, "address") == 0 && nb == 1)
		return prefix_parse(word[0], &l->prefix);
	if (strcmp(key, "server") == 0 && nb == 1)
		return v4_parse(word[0], &l->server);
	if (strcmp(key, "since") == 0 && nb == 1)
		return number_parse(word[0], UINT64_MAX, &l->since_us);
	if (strcmp(key, "lease") == 0 && nb == 3)
		return times_parse(l, word);
	if (strcmp(key, "broadcast") == 0 && nb == 1)
		return v4_parse(word[0], &l->broadcast);
	if (strcmp(key, "mtu") == 0 && nb == 1) {
		if (!number_parse(word[0], UINT16_MAX, &v))
			return false;
		l->mtu = (uint16_t)v;
		return true;
	}
	if (strcmp(key, "route") == 0 && nb == 2)
		return route_add(l, word[0], word[1]);
	if (strcmp(key, "router") == 0 && nb == 1)
		return list_add(l->router, &l->nb_routers, word[0]);
	if (strcmp(key, "dns") == 0 && nb == 1)
		return list_add(l->dns, &l->nb_dns, word[0]);
	if (strcmp(key, "domain") == 0)
		return text_parse(l->domain, sizeof(l->domain), rest);
	if (strcmp(key, "hostname") == 0)
		return text_parse(l->hostname, sizeof(l->hostname), rest);
	if (strcmp(key, "search") == 0)
		return text_parse(l->search, sizeof(l->search), rest);
	return false;
}

/* Where a block stands. */
struct block {
	bool is_open;
	bool is_bad;
	struct dhcp_file_entry entry;
};

static bool
block_begin(struct block *b, const char *mac)
{
	struct rte_ether_addr addr;

	memset(b, 0, sizeof(*b));
	b->entry.lease.broadcast = b->entry.lease.server = isla_addr_from_v4(0);
	b->is_open = true;
	b->is_bad = rte_ether_unformat_addr(mac, &addr) != 0;
	memcpy(b->entry.mac, addr.addr_bytes, 6);
	return !b->is_bad;
}

/* A line without its newline. False: it makes no sense. */
static bool
take_line(struct dhcp_file *file, struct block *b, char *line)
{
	char *word[4], *rest = line + strcspn(line, " "), *text, *save;
	int nb = 0;

	if (line[0] == '\0' || line[0] == '#')
		return true;
	if (*rest != '\0')
		*rest++ = '\0';
	if (strcmp(line, "interface") == 0)
		return block_begin(b, rest);
	if (strcmp(line, "end") == 0 && b->is_open) {
		if (!b->is_bad && !isla_addr_is_unspecified(&b->entry.lease.prefix.addr))
			dhcp_file_set(file, b->entry.mac, &b->entry.lease);
		b->is_open = false;
		return true;
	}
	text = strdup(rest);
	for (char *w = text != NULL ? strtok_r(text, " ", &save) : NULL; w != NULL && nb < 4;
		w = strtok_r(NULL, " ", &save))
		word[nb++] = w;
	b->is_bad |= !b->is_open || !line_parse(&b->entry.lease, line, rest, word, nb);
	free(text);
	return !b->is_bad;
}

unsigned int
dhcp_file_parse(struct dhcp_file *file, FILE *in)
{
	struct block b = {.is_open = false};
	char line[LINE_MAX_BYTES];
	unsigned int nb_bad = 0;

	memset(file, 0, sizeof(*file));
	while (fgets(line, sizeof(line), in) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		nb_bad += !take_line(file, &b, line);
	}
	/* A block without its end was cut off. */
	return nb_bad + b.is_open;
}

int
dhcp_file_load(struct dhcp_file *file, const char *path, char *err, size_t err_size)
{
	unsigned int nb_bad;
	struct stat st;
	FILE *in;

	memset(file, 0, sizeof(*file));
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode)) {
		snprintf(err, err_size, "it is not a file");
		return -EISDIR;
	}
	in = fopen(path, "re");
	if (in == NULL) {
		int rc = -errno;

		if (rc == -ENOENT)
			return 0;
		snprintf(err, err_size, "it cannot be read: %s", strerror(-rc));
		return rc;
	}
	nb_bad = dhcp_file_parse(file, in);
	fclose(in);
	if (nb_bad > 0)
		snprintf(err, err_size, "%u of its lines belong to no lease file", nb_bad);
	return nb_bad > 0 ? -EINVAL : 0;
}

/* ---- out ---- */

static void
print_addrs(FILE *out, const char *key, const struct isla_addr *addr, uint8_t nb)
{
	char text[ISLA_ADDR_STRLEN];
	uint8_t i;

	for (i = 0; i < nb; i++)
		fprintf(out, "%s %s\n", key, isla_addr_format(&addr[i], text, sizeof(text)));
}

static void
print_text(FILE *out, const char *key, const char *text)
{
	if (text[0] != '\0')
		fprintf(out, "%s %s\n", key, text);
}

static void
print_entry(FILE *out, const struct dhcp_file_entry *e)
{
	const struct isla_dhcp_lease *l = &e->lease;
	char text[ISLA_ADDR_STRLEN], gateway[ISLA_ADDR_STRLEN];
	const uint8_t *m = e->mac;
	uint8_t i;

	fprintf(out, "interface %02x:%02x:%02x:%02x:%02x:%02x\n", m[0], m[1], m[2], m[3], m[4],
		m[5]);
	fprintf(out, "address %s\n", isla_prefix_format(&l->prefix, text, sizeof(text)));
	print_addrs(out, "server", &l->server, 1);
	fprintf(out, "since %" PRIu64 "\n", l->since_us);
	fprintf(out, "lease %" PRIu32 " %" PRIu32 " %" PRIu32 "\n", l->lease_s, l->t1_s, l->t2_s);
	if (!isla_addr_is_unspecified(&l->broadcast))
		print_addrs(out, "broadcast", &l->broadcast, 1);
	if (l->mtu != 0)
		fprintf(out, "mtu %u\n", l->mtu);
	for (i = 0; i < l->nb_routes; i++)
		fprintf(out, "route %s %s\n",
			isla_prefix_format(&l->route[i].prefix, text, sizeof(text)),
			isla_addr_format(&l->route[i].gateway, gateway, sizeof(gateway)));
	print_addrs(out, "router", l->router, l->nb_routers);
	print_addrs(out, "dns", l->dns, l->nb_dns);
	print_text(out, "domain", l->domain);
	print_text(out, "hostname", l->hostname);
	print_text(out, "search", l->search);
	fprintf(out, "end\n");
}

void
dhcp_file_print(const struct dhcp_file *file, FILE *out)
{
	unsigned int i;

	fprintf(out, "# The leases of Isla's DHCP client\n");
	for (i = 0; i < file->nb; i++)
		print_entry(out, &file->entry[i]);
}

/* Print into a descriptor, which is closed. 0 or -errno. */
static int
print_to(const struct dhcp_file *file, int fd)
{
	FILE *out = fdopen(fd, "w");
	int rc = 0;

	if (out == NULL) {
		rc = -errno;
		close(fd);
		return rc;
	}
	dhcp_file_print(file, out);
	if (fflush(out) != 0 || fchmod(fd, 0644) != 0 || fsync(fd) != 0)
		rc = -errno;
	if (fclose(out) != 0 && rc == 0)
		rc = -errno;
	return rc;
}

int
dhcp_file_save(const struct dhcp_file *file, const char *path, char *err, size_t err_size)
{
	size_t size = strlen(path) + sizeof(".XXXXXX");
	char *temp = malloc(size);
	int fd, rc;

	if (temp == NULL) {
		snprintf(err, err_size, "out of memory");
		return -ENOMEM;
	}
	snprintf(temp, size, "%s.XXXXXX", path);
	fd = mkostemp(temp, O_CLOEXEC);
	rc = fd < 0 ? -errno : print_to(file, fd);
	if (rc == 0 && rename(temp, path) != 0)
		rc = -errno;
	if (rc != 0) {
		snprintf(err, err_size, "it cannot be written: %s", strerror(-rc));
		if (fd >= 0)
			unlink(temp);
	}
	free(temp);
	return rc;
}
