/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef TELEM_OUT_H
#define TELEM_OUT_H

/*
 * One answer to a telemetry request: names and values, and dictionaries of them within each other.
 * rte_telemetry cuts an answer short without a word when it has more than 16 KB as text, takes
 * 256 entries a dictionary and only some characters in a name; here that is counted and told.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <rte_common.h>
#include <rte_telemetry.h>

#include <isla_addr.h>

/* What an answer may have between the braces: the longest command's name and the last entry of an
 * answer that is too long are deducted. */
#define TELEM_TEXT_MAX  (16384 - 56 - 8 - 24)
#define TELEM_ERROR_MAX RTE_TEL_MAX_STRING_LEN

struct telem_out {
	struct rte_tel_data *data; /* NULL: there was no memory */
	uint32_t nb_bytes;         /* of the text that will be made of it, at most */
	bool truncated;            /* something did not fit */
	char error[TELEM_ERROR_MAX];
};

/* Begin an answer. */
void telem_begin(struct telem_out *out, struct rte_tel_data *data);

/* End it: it says where something did not fit; or it has an error alone. */
void telem_end(struct telem_out *out);

/* Begin a dictionary that becomes a value of another one; telem_close() gives it its name. */
void telem_open(struct telem_out *inner);
void telem_close(struct telem_out *out, const char *name, struct telem_out *inner);

/* Values. Characters of a name that are not possible become '_'. */
void telem_u64(struct telem_out *out, const char *name, uint64_t value);
void telem_i32(struct telem_out *out, const char *name, int32_t value);
void telem_string(struct telem_out *out, const char *name, const char *value);
void telem_bool(struct telem_out *out, const char *name, bool value);
void telem_addr(struct telem_out *out, const char *name, const struct isla_addr *addr);
void telem_prefix(struct telem_out *out, const char *name, const struct isla_prefix *prefix);
void telem_mac(struct telem_out *out, const char *name, const uint8_t mac[6]);

/* There is no answer, and that is why; before anything was added. Returns -EINVAL. */
int telem_fail(struct telem_out *out, const char *format, ...) __rte_format_printf(2, 3);

#endif /* TELEM_OUT_H */
