/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prompt's thread: prompt_thread() runs the file of commands, then reads standard input.
 * A terminal gets rte_cmdline, with its editing, history and completion; a pipe or a file is read
 * line by line, without echo. It never blocks in reading, so that prompt_free() can end it: whatever
 * it reads it polls together with an eventfd, since a file of commands may be a pipe, too.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmdline.h>
#include <cmdline_parse.h>
#include <cmdline_rdline.h>
#include <cmdline_socket.h>
#include <rte_common.h>
#include <rte_lcore.h>

#include "prompt.h"
#include "prompt_line.h"

#define CTRL_C 3
/* Characters that are kept of what is typed while a command waits. */
#define TYPED_MAX 256

/* Characters that rte_cmdline keeps of a line; what is beyond them it drops without a word. */
#define TERMINAL_LINE_MAX 512

struct prompt {
	struct prompt_conf conf;
	struct cmd_env env;
	int file_fd;         /* of commands, open since the start; -1: none, or read */
	pthread_t thread;
	int stop_fd;
	uint32_t stop;       /* atomic */
	struct prompt_ctx *ctx;
	/* A line that is being read. */
	char line[CMD_LINE_MAX];
	size_t len;
	bool too_long;
	uint32_t nb_lines;
	const char *path;    /* of the file that they are from; NULL: standard input */
	/* On a terminal: typed while a command waited, and to be read once it has ended. */
	char typed[TYPED_MAX];
	unsigned int nb_typed;
};

/* A line has come: what it prints is there before the next one is read. */
static void
run_line(void *arg, char *line)
{
	struct prompt *p = arg;

	if (strlen(line) >= TERMINAL_LINE_MAX)
		fprintf(p->env.out, "a line on a terminal has at most %u characters; this one is "
			"left out\n", TERMINAL_LINE_MAX - 1);
	else
		cmd_run_line(&p->env, line);
	fflush(p->env.out);
}

/* "FILE:LINE: " in front of what is said of a line, or what there is of it. */
static void
tell_line(struct prompt *p)
{
	if (p->path != NULL)
		fprintf(p->env.out, "%s:%u: this line ", p->path, p->nb_lines);
	else
		fprintf(p->env.out, "line %u ", p->nb_lines);
}

/* The end of a line of a file or a pipe. Who reads the answers to a file's does not see its lines:
 * he is told which one has failed. */
static void
end_line(struct prompt *p)
{
	p->nb_lines++;
	p->line[p->len] = '\0';
	if (p->too_long) {
		tell_line(p);
		fprintf(p->env.out, "is longer than %u characters, and is left out\n",
			CMD_LINE_MAX - 1);
	} else if (memchr(p->line, '\0', p->len) != NULL) {
		tell_line(p);
		fputs("has a NUL in it, and is left out\n", p->env.out);
	} else if (cmd_run_line(&p->env, p->line) != 0 && p->path != NULL) {
		tell_line(p);
		fputs("has failed\n", p->env.out);
	}
	fflush(p->env.out);
	p->len = 0;
	p->too_long = false;
}

static void
take_bytes(struct prompt *p, const char *bytes, size_t n)
{
	size_t i;

	for (i = 0; i < n && !p->env.quit && !cmd_is_stopped(&p->env); i++) {
		if (bytes[i] == '\n')
			end_line(p);
		else if (p->len < sizeof(p->line) - 1)
			p->line[p->len++] = bytes[i];
		else
			p->too_long = true;
	}
}

/* Bytes of a file or pipe; 0 at its end, or where the prompt shall end. */
static size_t
read_input(struct prompt *p, int fd, char *bytes, size_t size)
{
	struct pollfd fds[] = {
		{.fd = fd, .events = POLLIN},
		{.fd = p->stop_fd, .events = POLLIN},
	};

	for (;;) {
		ssize_t n;

		if (poll(fds, RTE_DIM(fds), -1) < 0 && errno != EINTR)
			return 0;
		if (__atomic_load_n(&p->stop, __ATOMIC_RELAXED) != 0)
			return 0;
		if (fds[0].revents == 0)
			continue;
		n = read(fd, bytes, size);
		if (n >= 0)
			return (size_t)n;
		if (errno == EINTR || errno == EAGAIN)
			continue;
		fprintf(p->env.out, "commands cannot be read: %s\n", strerror(errno));
		return 0;
	}
}

/* All lines, the last of which may lack its end; path: of the file, or NULL. */
static void
run_lines(struct prompt *p, int fd, const char *path)
{
	char bytes[CMD_LINE_MAX];
	size_t n;

	p->path = path;
	while (!p->env.quit && (n = read_input(p, fd, bytes, sizeof(bytes))) > 0)
		take_bytes(p, bytes, n);
	if (p->len > 0 && !p->env.quit && !cmd_is_stopped(&p->env))
		end_line(p);
	p->len = 0;
	p->nb_lines = 0;
}

/* While a command waits: Ctrl-C ends it, and takes away what was typed; the rest is kept. */
static bool
is_interrupted(void *arg)
{
	struct pollfd fds = {.fd = STDIN_FILENO, .events = POLLIN};
	struct prompt *p = arg;
	char byte;

	while (p->nb_typed < sizeof(p->typed) && poll(&fds, 1, 0) > 0 &&
		(fds.revents & POLLIN) != 0 && read(STDIN_FILENO, &byte, 1) == 1) {
		if (byte == CTRL_C) {
			p->nb_typed = 0;
			return true;
		}
		p->typed[p->nb_typed++] = byte;
	}
	return false;
}

/* The next byte of the terminal: first what was typed while a command waited. */
static bool
read_terminal(struct prompt *p, char *byte)
{
	if (p->nb_typed == 0)
		return read_input(p, STDIN_FILENO, byte, 1) == 1;
	*byte = p->typed[0];
	memmove(p->typed, p->typed + 1, --p->nb_typed);
	return true;
}

static void
run_terminal(struct prompt *p)
{
	struct cmdline *cl = cmdline_stdin_new(prompt_ctx_of(p->ctx), "isla> ");
	char byte;

	if (cl == NULL) {
		fprintf(p->env.out, "the terminal cannot be used as such\n");
		run_lines(p, STDIN_FILENO, NULL);
		return;
	}
	p->env.is_interrupted = is_interrupted;
	p->env.interrupt_ctx = p;
	/* One by one, so that what follows quit is left alone. */
	while (!p->env.quit && read_terminal(p, &byte))
		if (cmdline_in(cl, &byte, 1) < 0)
			break;
	cmdline_stdin_exit(cl); /* frees it, too */
	fputc('\n', p->env.out);
	fflush(p->env.out);
}

static void *
prompt_thread(void *arg)
{
	struct prompt *p = arg;

	if (p->file_fd >= 0) {
		run_lines(p, p->file_fd, p->conf.file);
		close(p->file_fd);
		p->file_fd = -1;
	}
	if (p->conf.is_interactive && !p->env.quit && !cmd_is_stopped(&p->env)) {
		if (isatty(STDIN_FILENO))
			run_terminal(p);
		else
			run_lines(p, STDIN_FILENO, NULL);
		p->env.quit = true;
	}
	if (p->env.quit)
		isla_engine_stop(p->conf.engine);
	return NULL;
}

struct prompt *
prompt_start(const struct prompt_conf *conf, char *err, size_t err_size)
{
	struct prompt *p = calloc(1, sizeof(*p));
	int rc = ENOMEM;

	if (p == NULL)
		goto fail;
	p->conf = *conf;
	p->stop_fd = eventfd(0, EFD_CLOEXEC);
	p->file_fd = -1;
	p->env = (struct cmd_env){
		.engine = conf->engine,
		.services = conf->services,
		.opts = conf->opts,
		.dhcp = conf->dhcp,
		.dns = conf->dns,
		.verbose = conf->verbose,
		.out = stdout,
		.stop = &p->stop,
	};
	p->ctx = prompt_ctx_create(run_line, p);
	if (p->ctx == NULL || p->stop_fd < 0)
		goto fail;
	/* A named pipe is not waited for here, but where it is read. */
	if (conf->file != NULL)
		p->file_fd = open(conf->file, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (conf->file != NULL && p->file_fd < 0) {
		snprintf(err, err_size, "--cmdline-file %s: %s", conf->file, strerror(errno));
		goto free;
	}
	cmd_env_begin(&p->env);
	rc = -rte_ctrl_thread_create(&p->thread, "isla-prompt", NULL, prompt_thread, p);
	if (rc == 0)
		return p;
	if (p->file_fd >= 0)
		close(p->file_fd);
fail:
	snprintf(err, err_size, "the prompt cannot be made: %s", strerror(rc));
free:
	if (p != NULL) {
		prompt_ctx_free(p->ctx);
		if (p->stop_fd >= 0)
			close(p->stop_fd);
	}
	free(p);
	return NULL;
}

void
prompt_free(struct prompt *p)
{
	uint64_t one = 1;

	if (p == NULL)
		return;
	__atomic_store_n(&p->stop, 1, __ATOMIC_RELAXED);
	if (write(p->stop_fd, &one, sizeof(one)) < 0)
		fputs("isla: the prompt does not hear\n", stderr);
	pthread_join(p->thread, NULL);
	prompt_ctx_free(p->ctx);
	close(p->stop_fd);
	free(p);
}
