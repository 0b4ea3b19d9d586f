/*
 * What actions do to every mail of ../shared/data: the changed mail is parsed again, and nothing of
 * it differs but what was to be changed. Which parts those are, and what becomes of each, the
 * golden files say; here it is about all the rest.
 */
#include "base/buf.h"
#include "gw/rules/testcase.h"
#include "mails/mails.h"

enum { LINE_BYTES = 998, BASE64_LINE = 76 };

static const char *archives[] = { "mail-spamassassin-public", "mail-bounces", "mime-torture" };

struct change {
	const char *name, *rules;
	int (*check)(struct arena *a, const struct mime *before, const struct mime *after,
		     struct err *e);
	bool for_good; /* done to the result it changes nothing more */
};

static int to_buf(void *ctx, struct str bytes, struct err *e)
{
	(void)e;
	buf_add(ctx, bytes);
	return 0;
}

static struct str written(struct arena *a, const struct mime *m, const struct mime_edit *ed)
{
	struct buf b;
	struct sink sink = { to_buf, &b };
	struct err e;

	buf_init(&b, a, SIZE_MAX);
	ASSERT(mime_write(m, ed, &sink, &e) == 0);
	return buf_str(&b);
}

/* The mail with one field on top of the header, which may not have been one. */
static int check_header(struct arena *a, const struct mime *before, const struct mime *after,
			struct err *e)
{
	struct str raw = before->mail->raw, eol = before->mail->eol;
	struct str field = str_cat(a, STR("X-Probe: on"), eol), rest = after->mail->raw;
	size_t top = (size_t)(before->head.p - raw.p);

	if (!str_eq(str_sub(rest, 0, top), str_sub(raw, 0, top)) ||
	    !str_starts(str_from(rest, top), field))
		return err_set(e, ERR_BUG, "the field is not on top");
	rest = str_from(rest, top + field.n);
	if (!before->head.n && before->head_open && str_starts(rest, eol))
		rest = str_from(rest, eol.n);
	if (!str_eq(rest, str_from(raw, top)))
		return err_set(e, ERR_BUG, "more differs than the field");
	return 0;
}

/* All but the bodies of leaves and their transfer encodings. */
static struct str frame(struct arena *a, const struct mime *m)
{
	struct mime_edit ed;

	mime_edit_init(&ed, a, m);
	for (const struct mime *p = m; p; p = mime_walk(m, p)) {
		mime_edit_delete(&ed, p, STR("Content-Transfer-Encoding"));
		mime_edit_body(&ed, p, 0, p->body.n, STR(""));
	}
	return written(a, m, &ed);
}

/* Of what was added; encoded as base64, all of it. */
static int check_lines(struct str was, struct str body, size_t max, struct err *e)
{
	struct str line;

	if (str_starts(body, was))
		body = str_from(body, was.n);
	else if (str_ends(body, was))
		body = str_sub(body, 0, body.n - was.n);
	while (str_line(&body, &line))
		if (line.n > max)
			return err_set(e, ERR_BUG, "a line of %zu bytes", line.n);
	return 0;
}

static int check_text(struct arena *a, const struct mime *before, const struct mime *after,
		      struct err *e)
{
	struct str x, y;

	if (before->encoding != after->encoding)
		return err_set(e, ERR_BUG, "another transfer encoding");
	if (mime_body(a, before, SIZE_MAX, &x, e) < 0 || mime_body(a, after, SIZE_MAX, &y, e) < 0)
		return -1;
	if (!str_starts(y, x) && !str_ends(y, x))
		return err_set(e, ERR_BUG, "the text is not what it was");
	y = str_starts(y, x) ? str_from(y, x.n) : str_sub(y, 0, y.n - x.n);
	if (str_find(y, STR("Disclaimer")) < 0)
		return err_set(e, ERR_BUG, "no disclaimer");
	return check_lines(before->body, after->body,
			   after->encoding == MIME_IDENTITY ? LINE_BYTES : BASE64_LINE, e);
}

static int check_disclaimer(struct arena *a, const struct mime *before, const struct mime *after,
			    struct err *e)
{
	const struct mime_mail *x = before->mail, *y = after->mail;
	bool completed = false; /* a part that lacked a line end has one now */

	if (str_eq(x->raw, y->raw))
		return 0;
	if (x->part_count != y->part_count)
		return err_set(e, ERR_BUG, "%u parts instead of %u", y->part_count, x->part_count);
	for (uint32_t i = 0; i < x->part_count; i++) {
		const struct mime *p = x->parts[i], *q = y->parts[i];

		if (p->child || str_eq(p->body, q->body))
			continue;
		if (check_text(a, p, q, e) < 0)
			return err_wrap(e, "part %u", i + 1);
		completed |= p->glued || p->head_open;
	}
	if (!completed && !str_eq(frame(a, before), frame(a, after)))
		return err_set(e, ERR_BUG, "more differs than bodies");
	return 0;
}

static bool is_notice(struct arena *a, const struct mime *m)
{
	return str_starts(mime_filename(a, m), STR("REMOVED_ATTACHMENT_"));
}

/* What is left stands there as it was, in its order. */
static int check_removal(struct arena *a, const struct mime *before, const struct mime *after,
			 struct err *e)
{
	const struct mime *p = before;

	for (const struct mime *q = after; q; q = mime_walk(after, q)) {
		if (q->child || is_notice(a, q))
			continue;
		while (p && (p->child || !str_eq(p->raw, q->raw)))
			p = mime_walk(before, p);
		if (!p)
			return err_set(e, ERR_BUG, "part %u was none before", q->aid);
		p = mime_walk(before, p);
	}
	return 0;
}

static const struct change changes[] = {
	{ "header", "rule 50 in r\naction\nobj 4003 X-Probe:on\n", .check = check_header },
	{ "disclaimer", "rule 50 in r\naction\nobj 4009 <p>Disclaimer</p>\n",
	  .check = check_disclaimer },
	{ "disclaimer at the start",
	  "rule 50 in r\naction\nobj 4009 Disclaimer\nattr top 1\nattr separator 0\n",
	  .check = check_disclaimer },
	{ "two disclaimers",
	  "rule 50 in r\naction\nobj 4009 Disclaimer \xc3\xbc\n"
	  "rule 40 in s\naction\nobj 4009 Disclaimer 2\n",
	  .check = check_disclaimer },
	{ "all attachments", "rule 50 in r\naction\nobj 4007 1,0:gone\n", .check = check_removal },
	{ "named attachments",
	  "rule 50 in r\nwhat\nobj 3004 (?!REMOVED_).*\naction\nobj 4007 0,0:gone\n",
	  .check = check_removal, .for_good = true },
	{ "images and applications",
	  "rule 50 in r\nwhat\nobj 3003 content-type:(?i)image|application\naction\n"
	  "obj 4007 0,0:gone\nrule 40 in s\naction\nobj 4007 1,0:gone, too\n",
	  .check = check_removal },
};

static const struct mime_edit *delivered(struct arena *a, struct testcase *t)
{
	struct rules *rules;
	struct outbox *o;
	struct plan *p;
	struct err e;

	testcase_use(t);
	ASSERT(rules_build(a, &t->tables, &rules, &e) == 0);
	ASSERT(rules_match(a, rules, &t->mail, &p, &e) == 0);
	ASSERT(rules_act(a, rules, &t->mail, p, &o, &e) == 0);
	for (size_t i = 0; i < o->n_effects; i++)
		if (o->effects[i].kind == OUTBOX_DELIVER)
			return o->effects[i].edit;
	return NULL;
}

/* The mail, as it was and as it is delivered. */
struct pair {
	struct mime *before;
	struct str after;
	bool changed;
};

static struct pair changed(struct arena *a, const struct change *c, struct str raw)
{
	struct str text = str_fmt(a, "#\n[rules]\n%s[env]\nto a@inside.example\n[mail]\nX: y\n\n",
				  c->rules);
	struct testcase *t = testcase_read(a, text);
	const struct mime_edit *ed;

	testcase_set_mail(a, t, raw);
	ed = delivered(a, t);
	return (struct pair){ t->scan.mime, written(a, t->scan.mime, ed), ed };
}

/* Line ends that Postfix lets nobody have: a header that holds a whole mail cannot be mended. */
static bool has_bare_cr(struct str raw)
{
	ptrdiff_t at = str_chr(raw, '\r');

	return at >= 0 && !str_starts(str_from(raw, (size_t)at), STR("\r\n"));
}

static int check_change(struct arena *a, const struct change *c, struct str raw, struct err *e)
{
	struct pair p = changed(a, c, raw);
	struct mime *after;

	if (mime_parse(a, p.after, NULL, &after, e) < 0)
		return -1;
	if (c->for_good && !has_bare_cr(raw) && changed(a, c, p.after).changed)
		return err_set(e, ERR_BUG, "done again it changes more");
	return c->check(a, p.before, after, e);
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
	for (size_t i = 0; i < files.n; i++)
		for (size_t k = 0; k < ARRAY_LEN(changes); k++) {
			if (check_change(mail, &changes[k], files.p[i].bytes, &e) < 0) {
				printf("%.*s, %s: %s\n", STR_ARG(files.p[i].name), changes[k].name,
				       e.msg);
				failed++;
			}
			arena_reset(mail);
		}
	printf("%s: %zu mails, %d failures\n", name, files.n, failed);
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
