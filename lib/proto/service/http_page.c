/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The page that a server without files shows. Self-contained: no script, no font, no picture
 * comes from elsewhere.
 */

#include "http_site.h"

const char http_page[] =
	"<!doctype html>\n"
	"<html lang=\"en\"><meta charset=\"utf-8\">\n"
	"<meta name=\"viewport\" content=\"width=device-width\">\n"
	"<title>Project Isla</title>\n"
	"<link rel=\"icon\" href=\"data:,\">\n"
	"<style>\n"
	"body{margin:0;min-height:100vh;display:grid;place-items:center;text-align:center;"
	"font:1.1rem/1.6 system-ui,sans-serif;color:#13405c;"
	"background:linear-gradient(#cfeaf7,#fdf6e3 60%,#7cc4d8 60%,#2f86a6)}\n"
	"svg{width:16rem;max-width:70vw}\n"
	"h1{margin:0;font-weight:600;letter-spacing:.04em}\n"
	"p{margin:.4rem 1rem}\n"
	"main{background:#fffd;border-radius:1rem;padding:2rem 2.5rem;"
	"box-shadow:0 1rem 3rem #13405c33}\n"
	"</style>\n"
	"<main><svg viewBox=\"0 0 160 90\"><circle cx=\"118\" cy=\"28\" r=\"14\" fill=\"#f6b73c\"/>"
	"<path d=\"M20 74q60-46 120 0z\" fill=\"#e7c98a\"/>"
	"<path d=\"M74 56q2-22-6-34\" fill=\"none\" stroke=\"#8a5a34\" stroke-width=\"4\"/>"
	"<path d=\"M68 22q-22-8-28 10 12-10 28-10 18-8 28 10-12-12-28-10z\" fill=\"#3c9d6b\"/>"
	"<path d=\"M6 74h148v10H6z\" fill=\"#3d9cba\"/></svg>\n"
	"<h1>Project Isla</h1>\n"
	"<p>A TCP/IP stack for DPDK.</p>\n"
	"<p>No kernel stack came in the way of this page.</p></main>\n"
	"</html>\n";

const uint32_t http_page_len = sizeof(http_page) - 1;
