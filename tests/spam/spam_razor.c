/*
 * Prints the signatures that Razor has for mails: see compare_razor.py.
 *
 *	spam_razor [--ep4 EP4] FILE...
 *
 * A line per signature, "FILE PART eENGINE SIGNATURE", and "FILE ." at the end of each mail.
 */
#include <stdio.h>

#include "base/clean.h"
#include "base/file.h"
#include "lib/razor/razor.h"

enum { MAIL_MAX = 64 << 20, MEMORY_MAX = 1 << 30 };

static int print_mail(const char *path, const struct razor_server *server)
{
	CLEAN_ARENA struct arena *a = arena_open("mail", MEMORY_MAX);
	struct razor_signatures s;
	struct razor_parts parts;
	struct str mail;
	struct err e;

	if (file_read(a, path, MAIL_MAX, &mail, &e) < 0) {
		fprintf(stderr, "%s\n", e.msg);
		return 1;
	}
	parts = razor_parts(a, mail);
	s = razor_sign(a, &parts, server);
	for (size_t i = 0; i < s.v.n; i++)
		printf("%s %zu e%d %.*s\n", path, s.v.p[i].part, s.v.p[i].engine,
		       STR_ARG(s.v.p[i].text));
	printf("%s .\n", path);
	return 0;
}

int main(int argc, char **argv)
{
	struct razor_server server = razor_server_default();
	int failed = 0, i = 1;

	if (argc > 2 && strcmp(argv[1], "--ep4") == 0) {
		server.ep4 = str_of(argv[2]);
		i = 3;
	}
	for (; i < argc; i++)
		failed |= print_mail(argv[i], &server);
	return failed;
}
