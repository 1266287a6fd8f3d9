/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Histograms: where values are counted, what comes back as quantiles, buckets that fill up.
 */

#include <ctype.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <rte_common.h>

#include "isla_hist.h"
#include "suite.h"

static struct isla_hist hist, other;

static void
setup(void)
{
	memset(&hist, 0, sizeof(hist));
	memset(&other, 0, sizeof(other));
}

static void
a_histogram_is_small(void)
{
	CU_ASSERT_TRUE(sizeof(struct isla_hist) <= 1024);
}

static void
buckets_are_in_order_without_gaps(void)
{
	unsigned int i;

	for (i = 0; i < ISLA_HIST_BUCKETS; i++) {
		uint64_t low = isla_hist_low(i), next = isla_hist_low(i + 1);

		CU_ASSERT_TRUE(low < next);
		CU_ASSERT_EQUAL(isla_hist_bucket(low), i);
		CU_ASSERT_EQUAL(isla_hist_bucket(next - 1), i);
		/* An eighth of its least value at most. */
		CU_ASSERT_TRUE(next - low == 1 || (next - low) * 8 <= low);
	}
	CU_ASSERT_EQUAL(isla_hist_low(ISLA_HIST_BUCKETS), UINT64_C(1) << 30);
}

static void
small_values_are_exact(void)
{
	unsigned int i;

	for (i = 0; i < 16; i++)
		CU_ASSERT_EQUAL(isla_hist_low(isla_hist_bucket(i)), i);
}

static void
large_values_are_in_the_last(void)
{
	CU_ASSERT_EQUAL(isla_hist_bucket(UINT64_C(1) << 30), ISLA_HIST_BUCKETS - 1);
	CU_ASSERT_EQUAL(isla_hist_bucket(UINT64_MAX), ISLA_HIST_BUCKETS - 1);
	isla_hist_record(&hist, UINT64_MAX);
	CU_ASSERT_EQUAL(hist.bucket[ISLA_HIST_BUCKETS - 1], 1);
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 500), UINT64_MAX);
}

static void
an_empty_one_says_nothing(void)
{
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 0), 0);
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 500), 0);
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 1000), 0);
}

static void
one_value_is_every_quantile(void)
{
	unsigned int permille;

	isla_hist_record(&hist, 1234567);
	for (permille = 0; permille <= 2000; permille += 100)
		CU_ASSERT_EQUAL(isla_hist_quantile(&hist, permille), 1234567);
	CU_ASSERT_EQUAL(hist.nb, 1);
	CU_ASSERT_EQUAL(hist.sum, 1234567);
	CU_ASSERT_EQUAL(hist.max, 1234567);
}

static void
the_median_of_two_is_the_smaller(void)
{
	isla_hist_record(&hist, 1);
	isla_hist_record(&hist, 3);
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 500), 1);
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 501), 3);
}

static int
compare(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Against the sorted values themselves, of any size. */
static void
quantiles_are_right_to_an_eighth(void)
{
	enum { NB = 10000 };
	static const unsigned int permille[] = {1, 10, 250, 500, 900, 990, 999, 1000};
	uint32_t *value = malloc(NB * sizeof(*value));
	uint32_t x = 12345, i;

	CU_ASSERT_PTR_NOT_NULL_FATAL(value);
	for (i = 0; i < NB; i++) {
		x = x * 1664525 + 1013904223;
		value[i] = x >> (2 + (x & 15));
		isla_hist_record(&hist, value[i]);
	}
	qsort(value, NB, sizeof(*value), compare);
	for (i = 0; i < RTE_DIM(permille); i++) {
		uint64_t want = value[NB * permille[i] / 1000 - 1];
		uint64_t got = isla_hist_quantile(&hist, permille[i]);

		CU_ASSERT_TRUE(got >= want);
		CU_ASSERT_TRUE(got <= want + want / 8);
	}
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 1000), value[NB - 1]);
	free(value);
}

static void
a_full_bucket_halves_all(void)
{
	isla_hist_record(&hist, 5);
	isla_hist_record(&hist, 100);
	hist.bucket[5] = UINT32_MAX - 1;
	hist.bucket[isla_hist_bucket(100)] = 1000;
	isla_hist_record(&hist, 5);
	CU_ASSERT_EQUAL(hist.bucket[5], UINT32_C(1) << 31);
	CU_ASSERT_EQUAL(hist.bucket[isla_hist_bucket(100)], 500);
	CU_ASSERT_EQUAL(hist.nb, 3);
	CU_ASSERT_EQUAL(hist.sum, 110);
	/* What was seen once does not vanish. */
	hist.bucket[7] = 1;
	isla_hist_halve(&hist);
	CU_ASSERT_EQUAL(hist.bucket[7], 1);
}

static void
merging_is_as_if_one_had_counted_all(void)
{
	struct isla_hist all;
	unsigned int i;

	memset(&all, 0, sizeof(all));
	for (i = 0; i < 1000; i++) {
		isla_hist_record(i % 3 == 0 ? &hist : &other, i * i);
		isla_hist_record(&all, i * i);
	}
	isla_hist_merge(&hist, &other);
	CU_ASSERT_EQUAL(memcmp(&hist, &all, sizeof(all)), 0);
}

static void
merging_full_ones_keeps_the_shape(void)
{
	hist.bucket[1] = other.bucket[1] = UINT32_MAX - 1;
	hist.bucket[2] = other.bucket[2] = UINT32_MAX / 2;
	hist.nb = other.nb = UINT64_C(1) << 40;
	hist.max = 2;
	other.max = 3;
	isla_hist_merge(&hist, &other);
	CU_ASSERT_TRUE(hist.bucket[1] >= UINT32_MAX - 1);
	CU_ASSERT_TRUE(hist.bucket[1] / 2 - hist.bucket[2] + 1 <= 2);
	CU_ASSERT_EQUAL(hist.nb, UINT64_C(1) << 41);
	CU_ASSERT_EQUAL(hist.max, 3);
	CU_ASSERT_EQUAL(isla_hist_quantile(&hist, 500), 1);
}

static bool
is_text(const char *s)
{
	return s != NULL && strlen(s) > 1 && !isspace((unsigned char)s[0]) &&
		s[strlen(s) - 1] != '.';
}

static void
every_one_has_a_name_and_a_unit(void)
{
	int i, j;

	for (i = 0; i < ISLA_HIST_MAX; i++) {
		CU_ASSERT_TRUE(is_text(isla_hist_name(i)));
		CU_ASSERT_TRUE(is_text(isla_hist_unit(i)));
		CU_ASSERT_TRUE(is_text(isla_hist_desc(i)));
		for (j = 0; j < i; j++)
			CU_ASSERT_STRING_NOT_EQUAL(isla_hist_name(i), isla_hist_name(j));
	}
	CU_ASSERT_STRING_EQUAL(isla_hist_name(ISLA_HIST_MAX), "?");
	CU_ASSERT_STRING_EQUAL(isla_hist_unit(-1), "?");
	CU_ASSERT_STRING_EQUAL(isla_hist_desc(ISLA_HIST_MAX), "?");
}

static const struct suite_test tests[] = {
	SUITE_TEST(a_histogram_is_small),
	SUITE_TEST(buckets_are_in_order_without_gaps),
	SUITE_TEST(small_values_are_exact),
	SUITE_TEST(large_values_are_in_the_last),
	SUITE_TEST(an_empty_one_says_nothing),
	SUITE_TEST(one_value_is_every_quantile),
	SUITE_TEST(the_median_of_two_is_the_smaller),
	SUITE_TEST(quantiles_are_right_to_an_eighth),
	SUITE_TEST(a_full_bucket_halves_all),
	SUITE_TEST(merging_is_as_if_one_had_counted_all),
	SUITE_TEST(merging_full_ones_keeps_the_shape),
	SUITE_TEST(every_one_has_a_name_and_a_unit),
};

int
main(void)
{
	return suite_run("hist", tests, RTE_DIM(tests), setup, NULL);
}
