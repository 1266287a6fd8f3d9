/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a snapshot is printed. Pure: it knows no port and no stack.
 */

#include <inttypes.h>

#include <rte_common.h>

#include "isla_engine.h"

/* Events a second; after less than a millisecond there is no rate. */
static uint64_t
rate(uint64_t now, uint64_t before, uint64_t dt_us)
{
	if (dt_us < 1000 || now < before)
		return 0;
	return (uint64_t)((double)(now - before) * 1e6 / (double)dt_us);
}

void
isla_engine_print_port(FILE *out, const struct isla_port_stats *p,
	const struct isla_port_stats *prev, uint64_t dt_us)
{
	fprintf(out, "\n  ######################## NIC statistics for port %-2u "
		"########################\n", p->port_id);
	fprintf(out, "  RX-packets: %-10" PRIu64 " RX-missed: %-10" PRIu64 " RX-bytes:  %-" PRIu64
		"\n", p->ipackets, p->imissed, p->ibytes);
	fprintf(out, "  RX-errors: %-" PRIu64 "\n", p->ierrors);
	fprintf(out, "  RX-nombuf:  %-10" PRIu64 "\n", p->rx_nombuf);
	fprintf(out, "  TX-packets: %-10" PRIu64 " TX-errors: %-10" PRIu64 " TX-bytes:  %-" PRIu64
		"\n", p->opackets, p->oerrors, p->obytes);
	if (p->nb_link_downs != 0 || p->nb_gone != 0)
		fprintf(out, "  Link-downs: %-9" PRIu64 " Interface-deletions: %-" PRIu64 "\n",
			p->nb_link_downs, p->nb_gone);
	fprintf(out, "\n  Throughput (since last show)\n");
	fprintf(out, "  Rx-pps: %12" PRIu64 "          Rx-bps: %12" PRIu64 "\n",
		rate(p->ipackets, prev->ipackets, dt_us),
		rate(p->ibytes, prev->ibytes, dt_us) * 8);
	fprintf(out, "  Tx-pps: %12" PRIu64 "          Tx-bps: %12" PRIu64 "\n",
		rate(p->opackets, prev->opackets, dt_us),
		rate(p->obytes, prev->obytes, dt_us) * 8);
	fprintf(out,
		"  ############################################################################"
		"\n");
}

static void
print_counters(FILE *out, const struct isla_stats *s)
{
	unsigned int i;

	fprintf(out, "\n  Counters (those that are not zero)\n");
	for (i = 0; i < ISLA_C_MAX; i++)
		if (s->counter[i] != 0)
			fprintf(out, "  %-36s %14" PRIu64 "  %s\n", isla_counter_name(i),
				s->counter[i], isla_counter_desc(i));
	/* Zero is what is promised, so it is said. */
	if (s->counter[ISLA_C_PAYLOAD_BYTES_COPIED] == 0)
		fprintf(out, "  %-36s %14u  %s\n", isla_counter_name(ISLA_C_PAYLOAD_BYTES_COPIED),
			0, isla_counter_desc(ISLA_C_PAYLOAD_BYTES_COPIED));
	fprintf(out, "\n  Drops (those that are not zero)\n");
	for (i = 1; i < ISLA_DROP_MAX; i++)
		if (s->drop[i] != 0)
			fprintf(out, "  %-36s %14" PRIu64 "  %s\n", isla_drop_name(i), s->drop[i],
				isla_drop_desc(i));
}

static void
print_step(FILE *out, const char *name, const struct isla_loop_step *s, uint64_t total_us)
{
	fprintf(out, "  %-8s %14" PRIu64 " rounds %12.3f s %6.2f %%\n", name, s->nb_rounds,
		(double)s->time_us / 1e6,
		total_us != 0 ? 100.0 * (double)s->time_us / (double)total_us : 0.0);
}

static void
print_loop(FILE *out, const struct isla_loop_stats *l)
{
	uint64_t total_us = l->busy.time_us + l->spin.time_us + l->yield.time_us + l->sleep.time_us;

	fprintf(out, "\n  Loop\n");
	print_step(out, "busy", &l->busy, total_us);
	print_step(out, "spin", &l->spin, total_us);
	print_step(out, "yield", &l->yield, total_us);
	print_step(out, "sleep", &l->sleep, total_us);
	fprintf(out, "  wake-ups: %" PRIu64 "  rx bursts: %" PRIu64 "  tx bursts: %" PRIu64 "\n",
		l->nb_wakeups, l->nb_rx_bursts, l->nb_tx_bursts);
	fprintf(out, "  tx stalls: %" PRIu64 "  tx dropped: %" PRIu64 "  tx linearized: %" PRIu64
		"\n", l->nb_tx_stalls, l->nb_tx_dropped, l->nb_tx_linearized);
}

static void
print_handover(FILE *out, const struct isla_handover_stats *h)
{
	const struct {
		const char *name;
		uint64_t value;
		const char *desc;
	} lines[] = {
#define LINE(field, name, desc) {name, h->field, desc},
		ISLA_HANDOVER_LIST(LINE)
#undef LINE
	};
	size_t i;

	if (h->nb_polled == 0 && h->nb_in == 0)
		return;
	fprintf(out, "\n  Between shards (those that are not zero)\n");
	for (i = 0; i < RTE_DIM(lines); i++)
		if (lines[i].value != 0)
			fprintf(out, "  %-36s %14" PRIu64 "  %s\n", lines[i].name, lines[i].value,
				lines[i].desc);
}

/* What was done to the frames of a direction on purpose, under names such as faultRxDropped. */
static void
print_fault(FILE *out, const char *dir, const struct isla_fault_stats *s)
{
	const struct {
		const char *name;
		uint64_t value;
		const char *desc;
	} lines[] = {
		{"Frames", s->nb_frames, "came in"},
		{"Passed", s->nb_passed, "went on, duplicates included"},
		{"Dropped", s->nb_dropped, "lost by chance"},
		{"Duplicated", s->nb_duplicated, "copies that were added"},
		{"Corrupted", s->nb_corrupted, "with a bit flipped"},
		{"Reordered", s->nb_reordered, "held back to be overtaken"},
		{"LimitFull", s->nb_limit_full, "dropped: too many frames waited"},
		{"BufferFull", s->nb_buffer_full, "dropped: too many bytes waited for the rate"},
		{"NoMbuf", s->nb_no_mbuf, "not copied, for want of an mbuf"},
		{"Flushed", s->nb_flushed, "dropped: link down, or the end"},
		{"Waiting", s->nb_waiting, "wait now"},
	};
	size_t i;

	for (i = 0; i < RTE_DIM(lines); i++) {
		char name[40];

		if (lines[i].value == 0)
			continue;
		snprintf(name, sizeof(name), "fault%s%s", dir, lines[i].name);
		fprintf(out, "  %-36s %14" PRIu64 "  %s\n", name, lines[i].value, lines[i].desc);
	}
}

static void
print_faults(FILE *out, const struct isla_fault_stats fault[ISLA_FAULT_DIRS])
{
	if (fault[ISLA_FAULT_RX].nb_frames == 0 && fault[ISLA_FAULT_TX].nb_frames == 0)
		return;
	fprintf(out, "\n  Faults on purpose (those that are not zero)\n");
	print_fault(out, "Rx", &fault[ISLA_FAULT_RX]);
	print_fault(out, "Tx", &fault[ISLA_FAULT_TX]);
}

/* Returns whether there was anything. */
static bool
print_hists(FILE *out, const struct isla_hists *hists)
{
	unsigned int i;
	bool any = false;

	for (i = 0; i < ISLA_HIST_MAX; i++) {
		const struct isla_hist *h = &hists->hist[i];

		if (h->nb == 0)
			continue;
		if (!any)
			fprintf(out, "\n  %-24s %12s %10s %10s %10s %10s %10s\n", "Histograms",
				"values", "mean", "50 %", "90 %", "99 %", "max");
		any = true;
		fprintf(out, "  %-15s %8s %12" PRIu64 " %10.1f %10" PRIu64 " %10" PRIu64
			" %10" PRIu64 " %10" PRIu64 "\n", isla_hist_name(i), isla_hist_unit(i),
			h->nb, (double)h->sum / (double)h->nb, isla_hist_quantile(h, 500),
			isla_hist_quantile(h, 900), isla_hist_quantile(h, 990), h->max);
	}
	return any;
}

void
isla_engine_print_hists(FILE *out, const struct isla_hists *hists)
{
	if (!print_hists(out, hists))
		fprintf(out, "nothing has been measured\n");
}

void
isla_engine_print_stats(FILE *out, const struct isla_engine_stats *stats,
	const struct isla_engine_stats *prev)
{
	static const struct isla_port_stats none;
	uint64_t dt_us = prev != NULL ? stats->time_us - prev->time_us :
		stats->loop.busy.time_us + stats->loop.spin.time_us + stats->loop.yield.time_us +
		stats->loop.sleep.time_us;
	uint16_t i;

	for (i = 0; i < stats->nb_ports; i++)
		isla_engine_print_port(out, &stats->port[i],
			prev != NULL && i < prev->nb_ports ? &prev->port[i] : &none, dt_us);
	print_counters(out, &stats->stack);
	print_faults(out, stats->fault);
	print_hists(out, &stats->hists);
	print_loop(out, &stats->loop);
	print_handover(out, &stats->loop.handover);
	fflush(out);
}
