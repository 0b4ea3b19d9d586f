/* A whole connection of a client who says whatever he likes. */
#include <sys/socket.h>
#include <unistd.h>

#include "gw/spamd/spamd.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct spam_rules *rules(void)
{
	static struct spam_rules *loaded;
	struct spam_conf_paths paths = {
		.lines = true,
		.extra = STR("body A /a/\nscore A 6\nuse_bayes 0\nreport _SUMMARY_\n"),
	};
	struct spam_load_report report;
	struct err e;

	if (!loaded && spam_rules_load(arena_open("rules", 64u << 20), &paths, &loaded, &report,
				       &e) < 0)
		__builtin_trap();
	return loaded;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct spamd s = { .rules = rules(), .hostname = "host.example" };
	static struct arena *a;
	static struct conn c;
	struct err e;
	int pair[2];

	if (!a)
		a = arena_open("fuzz", 1u << 30);
	if (size > 100000 || socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return 0;
	if (send(pair[1], data, size, MSG_DONTWAIT) == (ssize_t)size) {
		shutdown(pair[1], SHUT_WR);
		conn_init(&c, pair[0], 0);
		(void)!spamd_serve(&c, a, &s, &e);
	}
	close(pair[0]);
	close(pair[1]);
	return 0;
}
