/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FUZZ_H
#define FUZZ_H

/* A fuzz target: libFuzzer calls it, or replay.c does with what lies in a corpus. Always returns 0;
 * what it finds wrong, it aborts on. */

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

#endif /* FUZZ_H */
