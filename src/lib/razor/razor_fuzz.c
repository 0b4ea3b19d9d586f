/*
 * Any bytes: up to the first NUL what a server says in the order of its answers, line by line or as
 * they stand; what is behind that is the mail.
 */
#include <stdint.h>

#include "lib/razor/razor.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void talk(struct razor_talk *t, struct str said, bool by_line)
{
	enum razor_step step = RAZOR_TALKING;

	while (said.n && step == RAZOR_TALKING) {
		ptrdiff_t end = by_line ? str_chr(said, '\n') : -1;
		size_t n = end < 0 ? said.n : (size_t)end + 1;

		step = razor_talk_read(t, str_sub(said, 0, n));
		said = str_from(said, n);
	}
	ASSERT((step == RAZOR_FAULT) == (t->fault != NULL));
	ASSERT(t->asked <= t->signatures.v.n && t->servers.n <= RAZOR_SERVERS_MAX);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str mail = { (const char *)data, size }, said = str_cut(&mail, '\0');
	struct razor_server server = razor_server_read(a, said);
	struct razor_parts parts = razor_parts(a, mail);
	struct razor_talk t;

	for (int by_line = 0; by_line < 2; by_line++) {
		razor_talk_check(&t, a, &parts, &server);
		talk(&t, said, by_line);
		razor_is_spam(&t.signatures, t.server.sure, by_line);
		ASSERT(razor_confidence(&t.signatures, RAZOR_ANY) <= 100);
		server = razor_server_read(a, razor_server_write(a, &t.server));
		ASSERT(server.batch >= 1 && server.batch <= RAZOR_BATCH_MAX);
		server = razor_server_default();
		razor_talk_discover(&t, a);
		talk(&t, said, by_line);
	}
	return 0;
}
