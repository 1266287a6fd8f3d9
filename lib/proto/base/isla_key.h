/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef ISLA_KEY_H
#define ISLA_KEY_H

/**
 * @file
 * The secret of a stack. Everything that a remote party must not be able to foresee hangs on it:
 * the order in hash tables, initial sequence numbers, ports, identifiers.
 */

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** 128 random bits, in the order that SipHash reads them. */
struct isla_key {
	uint64_t k[2];
};

#ifdef __cplusplus
}
#endif

#endif /* ISLA_KEY_H */
