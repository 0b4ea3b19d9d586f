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

/* The same bytes as a whitelist, and as mails for one. */
static void whitelist(struct arena *a, struct str said, struct str mail)
{
	static const char *const rules[] = { "to bugs@lists\\.", "x-a ^a+b?$", "received x" };
	struct razor_whitelist w;
	struct str line;
	struct err e;

	razor_whitelist_init(&w, a);
	while (str_line(&said, &line))
		if (razor_whitelist_add(&w, a, line, &e) < 0)
			ASSERT(e.msg[0]);
	ASSERT(w.n <= RAZOR_WHITE_RULES_MAX);
	razor_whitelist_init(&w, a);
	for (size_t i = 0; i < ARRAY_LEN(rules); i++)
		ASSERT(razor_whitelist_add(&w, a, str_of(rules[i]), &e) == 0);
	w.lists = mail.n % 2;
	razor_whitelisted(a, &w, mail);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEAN_ARENA struct arena *a = arena_open("fuzz", (size_t)1 << 30);
	struct str mail = { (const char *)data, size }, said = str_cut(&mail, '\0');
	struct razor_server server = razor_server_read(a, said);
	struct razor_parts parts = razor_parts(a, mail);
	struct razor_talk t;

	whitelist(a, said, mail);
	for (int by_line = 0; by_line < 2; by_line++) {
		razor_talk_check(&t, a, &parts, &server);
		talk(&t, said, by_line);
		for (int logic = RAZOR_ANY_PART; logic <= RAZOR_EVERY_UNCONTESTED; logic++)
			razor_is_spam(&t.signatures, t.server.sure, (enum razor_logic)logic);
		ASSERT(razor_confidence(&t.signatures, RAZOR_ANY) <= 100);
		server = razor_server_read(a, razor_server_write(a, &t.server));
		ASSERT(server.batch >= 1 && server.batch <= RAZOR_BATCH_MAX);
		server = razor_server_default();
		razor_talk_discover(&t, a);
		talk(&t, said, by_line);
	}
	return 0;
}
