/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fuzz target without libFuzzer: replay [-m N] PATH...
 *
 * Every file of each PATH, a file or a directory, is run, and with -m N variants of it, made by a
 * generator with a fixed seed. Fails where there is no file at all.
 */

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"

#define INPUT_MAX 4096

static uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One change: a byte set, a piece taken out, a piece doubled, or a byte that is a command. */
static size_t
mutate(uint8_t *data, size_t len, uint64_t *state)
{
	uint64_t r = next_random(state);
	size_t at = len > 0 ? (size_t)(r >> 8) % len : 0;
	size_t n = 1 + (size_t)(r >> 32) % 40;

	if (len == 0)
		return 0;
	if (n > len - at)
		n = len - at;
	switch (r % 5) {
	case 0:
		data[at] = (uint8_t)(r >> 56);
		return len;
	case 1:
		data[at] = (uint8_t)(0xfa + (r >> 56) % 6);
		return len;
	case 2:
		data[at] ^= (uint8_t)(1u << ((r >> 56) & 7));
		return len;
	case 3:
		memmove(data + at, data + at + n, len - at - n);
		return len - n;
	default:
		if (len + n > INPUT_MAX)
			return len;
		memmove(data + at + n, data + at, len - at);
		return len + n;
	}
}

/* The input at the end of an allocation of its size, so that a sanitizer sees an overread. */
static void
run(const uint8_t *data, size_t len)
{
	uint8_t *exact = malloc(len > 0 ? len : 1);

	if (exact == NULL)
		abort();
	memcpy(exact, data, len);
	LLVMFuzzerTestOneInput(exact, len);
	free(exact);
}

static bool
run_file(const char *path, unsigned long nb_variants)
{
	uint8_t data[INPUT_MAX], variant[INPUT_MAX];
	uint64_t state = 0x9e3779b97f4a7c15ull;
	FILE *f = fopen(path, "rb");
	unsigned long i;
	size_t len;

	if (f == NULL)
		return false;
	len = fread(data, 1, sizeof(data), f);
	fclose(f);
	run(data, len);
	for (i = 0; i < nb_variants; i++) {
		size_t n = len, changes = 1 + (size_t)next_random(&state) % 6;

		memcpy(variant, data, len);
		while (changes-- > 0)
			n = mutate(variant, n, &state);
		run(variant, n);
	}
	return true;
}

static unsigned int
run_path(const char *path, unsigned long nb_variants)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int nb = 0;

	if (dir == NULL)
		return run_file(path, nb_variants);
	while ((entry = readdir(dir)) != NULL) {
		char name[4096];

		if (entry->d_name[0] == '.')
			continue;
		snprintf(name, sizeof(name), "%s/%s", path, entry->d_name);
		nb += run_file(name, nb_variants);
	}
	closedir(dir);
	return nb;
}

int
main(int argc, char **argv)
{
	unsigned long nb_variants = 0;
	unsigned int nb = 0;
	int i = 1;

	if (argc > 2 && strcmp(argv[1], "-m") == 0) {
		nb_variants = strtoul(argv[2], NULL, 10);
		i = 3;
	}
	for (; i < argc; i++)
		nb += run_path(argv[i], nb_variants);
	printf("%u files, %lu variants of each\n", nb, nb_variants);
	return nb > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
