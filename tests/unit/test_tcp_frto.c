/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Forward RTO-recovery: RFC 5682, section 2.1 without SACK and section 3.1 with it. No timestamps,
 * which would tell earlier (RFC 3522).
 */

#include "peer_opts.h"

#define RTT_US 100000
/* srtt and four times half of it. */
#define RTO_US 300000

static uint32_t
at(unsigned int i)
{
	return 1 + i * app_info().snd_mss;
}

#define expect_seg(i) expect(ACK, .seq = S(at(i)), .ack = P(1), .len = app_info().snd_mss)
#define ack_all(i) inject_opts(ACK, .seq = P(1), .ack = S(at(i)))

/* Ten segments are in flight, more wait, and the retransmission timer has sent the first again. */
static void
timed_out(bool sack, unsigned int nb_queued)
{
	unsigned int i;

	establish_opts(sack, false, RTT_US);
	app_send(nb_queued * app_info().snd_mss);
	for (i = 0; i < 10; i++)
		expect_seg(i);
	if (sack) {
		/* The probe of RFC 8985, 7, goes before: with the next new segment, or the last. */
		advance_to_frame(RTO_US);
		peer_drain();
	}
	advance_to_frame(2 * RTO_US);
	expect_seg(0);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_RTO_TIMEOUTS), 1);
}

/* Steps 2b and 3b: only the ACKs were late. */
static void
late_acks(void)
{
	timed_out(false, 40);
	ack_all(1);
	expect_seg(10);
	expect_seg(11);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_loss);
	ack_all(2);
	CU_ASSERT_FALSE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 1);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_UNDOS), 1);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 10u * app_info().snd_mss);
	CU_ASSERT_TRUE(app_info().snd_ssthresh_bytes > 10u * app_info().snd_mss);
	peer_drain();
	ack_all(12);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().total_retrans, 1);
}

/* The late ACKs come in one burst, before anything new can be sent: the second proves as much. */
static void
late_acks_in_a_burst(bool sack)
{
	uint32_t retrans;
	unsigned int i;

	timed_out(sack, 40);
	retrans = app_info().total_retrans;
	burst_begin();
	for (i = 1; i < 10; i++)
		ack_all(i);
	burst_end();
	CU_ASSERT_FALSE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 1);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 10u * app_info().snd_mss);
	peer_drain();
	CU_ASSERT_EQUAL(app_info().total_retrans, retrans);
}

static void
late_acks_in_a_burst_no_sack(void)
{
	late_acks_in_a_burst(false);
}

static void
late_acks_in_a_burst_sack(void)
{
	late_acks_in_a_burst(true);
}

/* Step 3a: the duplicate comes from the new data, since the second segment is lost indeed. */
static void
a_true_loss(void)
{
	timed_out(false, 40);
	ack_all(1);
	expect_seg(10);
	expect_seg(11);
	ack_all(1);
	expect_seg(1);
	CU_ASSERT_TRUE(app_info().in_loss);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes <= 4u * app_info().snd_mss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
}

/* Step 2a: a duplicate before any news. */
static void
a_duplicate_first(void)
{
	timed_out(false, 40);
	ack_all(0);
	ack_all(1);
	expect_seg(1);
	CU_ASSERT_TRUE(app_info().in_loss);
	ack_all(2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
	CU_ASSERT_TRUE(app_info().in_loss);
}

/* Step 2a: an ACK of all that was in flight tells nothing: it may have waited for the first. */
static void
all_at_once(void)
{
	timed_out(false, 40);
	ack_all(10);
	CU_ASSERT_FALSE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, 2u * app_info().snd_mss);
}

/* Without new data to send there is nothing to find out with. */
static void
no_new_data(void)
{
	timed_out(false, 10);
	ack_all(1);
	expect_seg(1);
	expect_seg(2);
	expect_nothing();
	ack_all(2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
	CU_ASSERT_TRUE(app_info().in_loss);
}

/* The peer's window takes no new data: likewise. */
static void
no_window(void)
{
	timed_out(false, 40);
	inject(ACK, .seq = P(1), .ack = S(at(1)), .wnd = (uint16_t)(9 * app_info().snd_mss));
	expect_seg(1);
	CU_ASSERT_TRUE(app_info().in_loss);
}

/* A second timeout: the first was none too early, and the question is not put again. */
static void
a_second_timeout(void)
{
	timed_out(false, 40);
	ack_all(1);
	expect_seg(10);
	expect_seg(11);
	advance_to_frame(4 * RTO_US);
	expect_seg(1);
	ack_all(2);
	expect_seg(2);
	ack_all(3);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
	CU_ASSERT_TRUE(app_info().in_loss);
}

/* Section 3.1: what is reported out of order, and was sent once before the timeout, proves it. */
static void
sacked_originals(void)
{
	timed_out(true, 40);
	ack_all(1);
	CU_ASSERT_TRUE(app_info().in_loss);
	peer_drain();
	inject_sack(at(1), at(3), at(4));
	CU_ASSERT_FALSE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 1);
	CU_ASSERT_TRUE(app_info().snd_cwnd_bytes >= 10u * app_info().snd_mss);
}

/* What is reported is the new data alone: all that the timeout took for lost is lost. */
static void
sacked_new_data(void)
{
	uint32_t retrans;

	timed_out(true, 40);
	ack_all(1);
	peer_drain();
	retrans = app_info().total_retrans;
	inject_sack(at(1), at(11), at(12));
	expect_seg(1);
	CU_ASSERT_TRUE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
	CU_ASSERT_TRUE(app_info().total_retrans > retrans);
}

/* Step 2 of section 3.1: duplicates before the first ACK update the scoreboard, no more. */
static void
duplicates_before_the_ack(void)
{
	timed_out(true, 40);
	inject_sack(at(0), at(4), at(5));
	peer_drain();
	CU_ASSERT_TRUE(app_info().in_loss);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 0);
	ack_all(1);
	peer_drain();
	ack_all(2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 1);
	CU_ASSERT_FALSE(app_info().in_loss);
}

/* What is new is held back (cork), and finds nothing out: what is lost does not wait for it. */
static void
new_data_is_held_back(void)
{
	struct isla_tcp_opts opts;

	timed_out(false, 10);
	opts = app_opts();
	opts.cork = true;
	app_set_opts(&opts);
	app_send(100);
	expect_nothing();
	ack_all(1);
	expect_seg(1);
	expect_seg(2);
	expect_nothing();
	CU_ASSERT_TRUE(app_info().in_loss);
}

/* In fast recovery there has been a loss: a timer that was too early takes back its own reduction,
 * and not that for the loss. */
static void
in_fast_recovery(void)
{
	uint32_t ssthresh;
	unsigned int i;

	establish_opts(false, false, RTT_US);
	app_send(40 * app_info().snd_mss);
	for (i = 0; i < 10; i++)
		expect_seg(i);
	advance_us(RTT_US);
	for (i = 0; i < 3; i++)
		ack_all(0);
	peer_drain();
	CU_ASSERT_TRUE(app_info().in_recovery);
	ssthresh = app_info().snd_ssthresh_bytes;
	CU_ASSERT_TRUE(ssthresh <= 7u * app_info().snd_mss);
	advance_to_frame(2 * RTO_US);
	expect_seg(0);
	ack_all(1);
	expect_seg(12); /* limited transmit has sent two */
	expect_seg(13);
	ack_all(2);
	CU_ASSERT_EQUAL(counter(ISLA_C_TCP_SPURIOUS_RTOS), 1);
	CU_ASSERT_FALSE(app_info().in_loss);
	CU_ASSERT_EQUAL(app_info().snd_cwnd_bytes, ssthresh);
	CU_ASSERT_TRUE(app_info().snd_ssthresh_bytes < 10u * app_info().snd_mss);
}

static const struct suite_test tests[] = {
	SUITE_TEST(late_acks),
	SUITE_TEST(late_acks_in_a_burst_no_sack),
	SUITE_TEST(late_acks_in_a_burst_sack),
	SUITE_TEST(a_true_loss),
	SUITE_TEST(a_duplicate_first),
	SUITE_TEST(all_at_once),
	SUITE_TEST(no_new_data),
	SUITE_TEST(new_data_is_held_back),
	SUITE_TEST(in_fast_recovery),
	SUITE_TEST(no_window),
	SUITE_TEST(a_second_timeout),
	SUITE_TEST(sacked_originals),
	SUITE_TEST(sacked_new_data),
	SUITE_TEST(duplicates_before_the_ack),
};

int
main(void)
{
	return peer_suite_run(tests, RTE_DIM(tests));
}
