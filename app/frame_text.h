/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef FRAME_TEXT_H
#define FRAME_TEXT_H

/*
 * A frame in a line of text, as tcpdump would have it. Pure, and for frames of whatever content:
 * nothing is read beyond what is there, and what is cut short is said to be.
 */

#include <stddef.h>
#include <stdint.h>

/* Enough for the longest. */
#define FRAME_TEXT_MAX 256

/*
 * Write what a frame's headers say: "192.168.1.1:40000 > 192.168.1.2:80 TCP [S] seq 1 win 64240 len
 * 0". Never more than size bytes, with the end.
 *
 * frame  its first len bytes, from the Ethernet header on
 */
void frame_text(const uint8_t *frame, size_t len, char *text, size_t size);

#endif /* FRAME_TEXT_H */
