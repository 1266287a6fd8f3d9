/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Does clang make fuzzers here? Its runtime is a package of its own.
 */

#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
	return 0;
}
