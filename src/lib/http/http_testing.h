/*
 * http_testing - a web server on this machine that says what a fuzz target wants, whatever it is
 * asked, and hangs up. It is a thread of the fuzz target's process, and never ends.
 */
#pragma once

#include <netinet/in.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/net.h"

enum { HTTP_SAID_MAX = 100000, HTTP_SAYINGS_MAX = 20 };

static struct {
	int fd;
	uint16_t port; /* 0: it has not been started */
	pthread_mutex_t lock;
	char text[HTTP_SAID_MAX];
	struct str sayings[HTTP_SAYINGS_MAX]; /* in `text` */
	size_t n, next;
} http_server = { .lock = PTHREAD_MUTEX_INITIALIZER };

/* What is said next; when all is said, the last again. */
static size_t http_server_next(char out[HTTP_SAID_MAX])
{
	struct str said = STR("");

	pthread_mutex_lock(&http_server.lock);
	if (http_server.n)
		said = http_server.sayings[http_server.next];
	if (http_server.next + 1 < http_server.n)
		http_server.next++;
	memcpy(out, said.p, said.n);
	pthread_mutex_unlock(&http_server.lock);
	return said.n;
}

/* To the end of the question's header, so that nothing unread resets the connection. */
static void http_server_listen(int fd)
{
	char asked[8192];
	struct str all = { asked, 0 };
	ssize_t n = 1;

	while (n > 0 && all.n < sizeof(asked) && str_find(all, STR("\r\n\r\n")) < 0) {
		n = recv(fd, asked + all.n, sizeof(asked) - all.n, 0);
		all.n += n > 0 ? (size_t)n : 0;
	}
}

static void http_server_answer(int fd)
{
	static char said[HTTP_SAID_MAX];
	size_t n = http_server_next(said);

	http_server_listen(fd);
	for (size_t sent = 0; sent < n;) {
		ssize_t k = send(fd, said + sent, n - sent, MSG_NOSIGNAL);

		if (k < 0)
			break;
		sent += (size_t)k;
	}
	close(fd);
}

static void *http_server_run(void *arg)
{
	(void)arg;
	while (true) {
		int fd = accept(http_server.fd, NULL, NULL);

		if (fd >= 0)
			http_server_answer(fd);
	}
	return NULL;
}

/* From now on each connection hears the next one of `sayings`, which NULs separate. */
static void http_server_say(struct str sayings)
{
	struct sockaddr_in addr;
	socklen_t size = sizeof(addr);
	pthread_t thread;
	struct err e;
	struct str rest;

	ASSERT(sayings.n <= HTTP_SAID_MAX);
	pthread_mutex_lock(&http_server.lock);
	memcpy(http_server.text, sayings.n ? sayings.p : "", sayings.n);
	rest = (struct str){ http_server.text, sayings.n };
	http_server.n = http_server.next = 0;
	while (rest.p && http_server.n < HTTP_SAYINGS_MAX)
		http_server.sayings[http_server.n++] = str_cut(&rest, '\0');
	pthread_mutex_unlock(&http_server.lock);
	if (http_server.port)
		return;
	ASSERT(net_listen_tcp("127.0.0.1", 0, &http_server.fd, &e) == 0);
	ASSERT(getsockname(http_server.fd, (struct sockaddr *)&addr, &size) == 0);
	ASSERT(pthread_create(&thread, NULL, http_server_run, NULL) == 0);
	http_server.port = ntohs(addr.sin_port);
}
