/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Frames in a line: what is told of each kind, and that nothing is read or written beyond what is
 * there, however the frame is cut or made up. Each frame lies at the end of memory of its own, so
 * that a sanitizer sees the first byte too many.
 */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "frame_text.h"
#include "suite.h"

#define FRAME_MAX 256
#define NB_FUZZ   200000u

#define ETH4 "ffffffffffff 020000000001 0800 "
#define ETH6 "333300000001 020000000001 86dd "
/* 192.168.1.1 > 192.168.1.2 */
#define IP4(total, frag, proto) "4500" total "1234" frag "40" proto "0000 c0a80101 c0a80102 "
#define IP6(len, next) "60000000" len next "40" \
	"fe800000000000000000000000000001 fe800000000000000000000000000002 "
#define TCP(flags) "9c40 0050 00000064 000000c8 50" flags "faf0 0000 0000 "

static const struct {
	const char *hex;
	const char *text;
} frames[] = {
	{ETH4 IP4("0028", "0000", "06") TCP("02"),
		" IPv4 192.168.1.1:40000 > 192.168.1.2:80 TCP [S] seq 100 win 64240 len 0"},
	{ETH4 IP4("002c", "4000", "06") TCP("19") "61626364",
		" IPv4 192.168.1.1:40000 > 192.168.1.2:80 TCP [FP.] seq 100 ack 200 win 64240 len 4"},
	/* Padding is no data. */
	{ETH4 IP4("0028", "4000", "06") TCP("10") "000000000000",
		" IPv4 192.168.1.1:40000 > 192.168.1.2:80 TCP [.] seq 100 ack 200 win 64240 len 0"},
	{ETH4 IP4("0020", "0000", "11") "1389 0007 000c 0000 61626364",
		" IPv4 192.168.1.1:5001 > 192.168.1.2:7 UDP len 4"},
	{ETH4 IP4("0020", "0000", "11") "1389 0007 00ff 0000 61626364",
		" IPv4 192.168.1.1:5001 > 192.168.1.2:7 UDP len 247 (of 12)"},
	{ETH4 IP4("001c", "0000", "01") "0800 0000 0001 0002",
		" IPv4 192.168.1.1 > 192.168.1.2 ICMP echo request id 1 seq 2"},
	{ETH4 IP4("001c", "0000", "01") "0304 0000 0000 0514",
		" IPv4 192.168.1.1 > 192.168.1.2 ICMP fragmentation needed, MTU 1300"},
	{ETH4 IP4("05dc", "2000", "11") "1389 0007 0fff 0000",
		" IPv4 fragment 4660:0+1480+ 192.168.1.1:5001 > 192.168.1.2:7 UDP len 4087 (of 1480)"},
	{ETH4 IP4("0024", "00b9", "11") "1389 0007 0fff 0000",
		" IPv4 fragment 4660:1480+16 192.168.1.1 > 192.168.1.2"},
	{ETH4 IP4("0018", "0000", "2f") "00000000",
		" IPv4 192.168.1.1 > 192.168.1.2 protocol 47 len 4"},
	{ETH4 "4f000028 12340000 40060000", " IPv4 (cut short)"},
	{ETH4 "55000028 12340000 40060000 c0a80101 c0a80102", " IPv4 (bad header)"},
	{ETH4 "42000028 12340000 40060000 c0a80101 c0a80102", " IPv4 (bad header)"},
	{ETH6 IP6("0014", "06") TCP("04"),
		" IPv6 [fe80::1]:40000 > [fe80::2]:80 TCP [R] seq 100 win 64240 len 0"},
	{ETH6 IP6("0008", "3a") "8000 0000 0001 0002",
		" IPv6 fe80::1 > fe80::2 ICMPv6 echo request id 1 seq 2"},
	{ETH6 IP6("0018", "3a") "8700 0000 00000000 fe800000000000000000000000000002",
		" IPv6 fe80::1 > fe80::2 ICMPv6 who has fe80::2"},
	{ETH6 IP6("0018", "3a") "8800 0000 60000000 fe800000000000000000000000000001",
		" IPv6 fe80::1 > fe80::2 ICMPv6 here is fe80::1"},
	{ETH6 IP6("0010", "00") "3a00 0502 0000 0100 8500 0000 00000000",
		" IPv6 fe80::1 > fe80::2 ICMPv6 router solicitation"},
	{ETH6 IP6("0010", "2c") "1100 05a9 00000007 0000000000000000",
		" IPv6 fragment 7:1448+ fe80::1 > fe80::2"},
	/* A header without an end. */
	{ETH6 IP6("0048", "3c") "3c00000000000000 3c00000000000000 3c00000000000000 "
		"3c00000000000000 3c00000000000000 3c00000000000000 3c00000000000000 "
		"3c00000000000000 3c00000000000000",
		" IPv6 (more headers) fe80::1 > fe80::2"},
	{"ffffffffffff 020000000001 0806 0001 0800 06 04 0001 020000000001 c0a80101 000000000000 "
		"c0a80102", " ARP who has 192.168.1.2, tell 192.168.1.1"},
	{"ffffffffffff 020000000001 0806 0001 0800 06 04 0002 020000000001 c0a80101 000000000000 "
		"c0a80102", " ARP 192.168.1.1 is at 02:00:00:00:00:01"},
	{"ffffffffffff 020000000001 8100 0005 0806 0006 0800 06 04 0002 020000000001 c0a80101 "
		"000000000000 c0a80102", " VLAN 5 ARP of another kind"},
	{"ffffffffffff 020000000001 88a8 0005 8100 0006 9999", " VLAN 5 VLAN 6 type 0x9999"},
	{"ffffffffffff 020000000001 0027 4242", " LLC"},
	{"ffff", " (cut short)"},
};

static size_t
unhex(const char *hex, uint8_t *to)
{
	size_t n = 0;

	for (; *hex != '\0'; hex++) {
		unsigned int byte;

		if (*hex == ' ')
			continue;
		CU_ASSERT_FATAL(n < FRAME_MAX && sscanf(hex, "%2x", &byte) == 1);
		to[n++] = (uint8_t)byte;
		hex++;
	}
	return n;
}

/* From memory that ends with the frame, into memory that ends with the line. */
static char *
text_of(const uint8_t *frame, size_t len, size_t size)
{
	uint8_t *copy = malloc(RTE_MAX(len, (size_t)1));
	char *text = malloc(size);
	size_t i, n;

	memcpy(copy, frame, len);
	memset(text, 'x', size);
	frame_text(copy, len, text, size);
	n = strnlen(text, size);
	CU_ASSERT_FATAL(n < size);
	for (i = 0; i < n; i++)
		CU_ASSERT(isprint((unsigned char)text[i]) != 0);
	free(copy);
	return text;
}

static void
each_kind_is_told(void)
{
	uint8_t frame[FRAME_MAX];
	size_t i;

	for (i = 0; i < RTE_DIM(frames); i++) {
		size_t len = unhex(frames[i].hex, frame);
		char *text = text_of(frame, len, FRAME_TEXT_MAX);

		CU_ASSERT_STRING_EQUAL(text, frames[i].text);
		if (strcmp(text, frames[i].text) != 0)
			printf("\n    '%s'\n    '%s'", text, frames[i].text);
		free(text);
	}
}

/* Cut anywhere, what is told begins as the whole does, or says that it was cut. */
static void
what_is_cut_is_said_to_be(void)
{
	uint8_t frame[FRAME_MAX];
	size_t len = unhex(frames[0].hex, frame), n;

	for (n = 0; n < len; n++) {
		char *text = text_of(frame, n, FRAME_TEXT_MAX);

		CU_ASSERT_PTR_NOT_NULL(strstr(text, "(cut short)"));
		free(text);
	}
}

static void
nothing_is_read_or_written_beyond(void)
{
	uint8_t frame[FRAME_MAX];
	size_t i, n, size;

	for (i = 0; i < RTE_DIM(frames); i++) {
		size_t len = unhex(frames[i].hex, frame);

		for (n = 0; n <= len; n++)
			free(text_of(frame, n, FRAME_TEXT_MAX));
		for (size = 1; size < FRAME_TEXT_MAX; size++)
			free(text_of(frame, len, size));
	}
	frame_text(frame, 0, NULL, 0);
}

/* Bytes are changed and cut by chance: always the same chance. */
static void
made_up_frames_are_told_somehow(void)
{
	uint64_t rng = 88172645463325252ull;
	uint8_t frame[FRAME_MAX];
	unsigned int i, k;

	for (i = 0; i < NB_FUZZ; i++) {
		size_t len = unhex(frames[i % RTE_DIM(frames)].hex, frame);

		for (k = 0; k < 4; k++) {
			rng ^= rng << 13;
			rng ^= rng >> 7;
			rng ^= rng << 17;
			frame[rng % len] = (uint8_t)(rng >> 32);
		}
		if (rng % 3 == 0)
			len = (rng >> 8) % (len + 1);
		free(text_of(frame, len, FRAME_TEXT_MAX));
	}
}

static const struct suite_test tests[] = {
	SUITE_TEST(each_kind_is_told),
	SUITE_TEST(what_is_cut_is_said_to_be),
	SUITE_TEST(nothing_is_read_or_written_beyond),
	SUITE_TEST(made_up_frames_are_told_somehow),
};

int
main(void)
{
	return suite_run("frame_text", tests, RTE_DIM(tests), NULL, NULL);
}
