/*
 * Every mail of ../shared/data, as it is, with LF and with CRLF line ends: written without an edit
 * it is the same, byte for byte, and parts do not depend on the kind of line end.
 */
#include "base/buf.h"
#include "lib/mime/edit.h"
#include "mails/mails.h"

static const char *archives[] = { "mail-spamassassin-public", "mail-bounces", "mime-torture" };

/* Compares what is written with what was read, without a copy. */
static int compare(void *ctx, struct str bytes, struct err *e)
{
	struct str *rest = ctx;

	if (!str_starts(*rest, bytes))
		return err_set(e, ERR_BUG, "differs %zu bytes before the end", rest->n);
	*rest = str_from(*rest, bytes.n);
	return 0;
}

static int check(struct arena *a, struct str raw, uint32_t *parts, struct err *e)
{
	struct str rest = raw;
	struct sink to = { compare, &rest };
	struct mime *m;

	if (mime_parse(a, raw, NULL, &m, e) < 0 || mime_write(m, NULL, &to, e) < 0)
		return -1;
	if (rest.n)
		return err_set(e, ERR_BUG, "%zu bytes are missing", rest.n);
	*parts = m->mail->part_count;
	return 0;
}

/* The same lines, each ended by `eol`; bare CRs stay where they are. */
static struct str with_eol(struct arena *a, struct str raw, struct str eol)
{
	struct str line;
	struct buf b;

	buf_init(&b, a, SIZE_MAX);
	while (raw.n) {
		bool last = str_chr(raw, '\n') < 0;

		if (last) {
			buf_add(&b, raw);
			break;
		}
		str_line(&raw, &line);
		buf_add(&b, line);
		buf_add(&b, eol);
	}
	return buf_str(&b);
}

static int check_mail(struct arena *a, const struct mail_file *file, struct err *e)
{
	uint32_t as_is = 0, lf = 0, crlf = 0;

	if (check(a, file->bytes, &as_is, e) < 0)
		return err_wrap(e, "%.*s as it is", STR_ARG(file->name));
	if (check(a, with_eol(a, file->bytes, STR("\n")), &lf, e) < 0)
		return err_wrap(e, "%.*s with LF", STR_ARG(file->name));
	if (check(a, with_eol(a, file->bytes, STR("\r\n")), &crlf, e) < 0)
		return err_wrap(e, "%.*s with CRLF", STR_ARG(file->name));
	if (as_is != lf || lf != crlf)
		return err_set(e, ERR_BUG, "%.*s has %u parts, %u with LF, %u with CRLF",
			       STR_ARG(file->name), as_is, lf, crlf);
	return 0;
}

static int check_archive(const char *name)
{
	CLEAN_ARENA struct arena *a = arena_open("archive", (size_t)1 << 30);
	CLEAN_ARENA struct arena *mail = arena_open("mail", (size_t)1 << 28);
	struct mail_files files;
	int failed = 0;
	struct err e;

	if (mails_read(a, name, &files, &e) < 0) {
		printf("SKIPPED: %s\n", e.msg);
		return e.code == ERR_NOTFOUND ? SKIPPED : 1;
	}
	for (size_t i = 0; i < files.n; i++) {
		if (check_mail(mail, &files.p[i], &e) < 0) {
			printf("%s\n", e.msg);
			failed++;
		}
		arena_reset(mail);
	}
	printf("%s: %zu mails, %d failed\n", name, files.n, failed);
	return failed > 0 || files.n == 0;
}

int main(void)
{
	int status = 0;

	for (size_t i = 0; i < ARRAY_LEN(archives); i++) {
		int one = check_archive(archives[i]);

		status = one == 1 || !status ? one : status;
	}
	return status;
}
