/* The SMTP whitelist as Postfix's tables (policy.md section 7). */
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "base/vec.h"
#include "gw/rules/rules_int.h"
#include "gw/rules/whitelist_int.h"
#include "lib/cidr/cidr.h"
#include "lib/re/re.h"

enum kind {
	KIND_REGEX = 1000,
	KIND_EMAIL = 1001,
	KIND_DOMAIN = 1002,
	KIND_IP = 1003,
	KIND_NET = 1004,
};

/*
 * The C library makes as many copies of a piece as it is counted: x{1,20000} would take gigabytes,
 * in each process of Postfix.
 */
enum { COPIES_MAX = 1000 };

struct lines {
	VEC(struct str) list;
};

/* Postfix takes POSIX expressions, without regard to case. */
static void add_quoted(struct buf *b, struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		if (str_chr(STR("()[]{}/+*?.|^$\\"), s.p[i]) >= 0)
			buf_addc(b, '\\');
		buf_addc(b, s.p[i]);
	}
}

static bool is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Or the end of one. */
static bool is_repeat(char c)
{
	return c == '*' || c == '+' || c == '?' || c == '}';
}

/* A bracket expression from its '[' on; its length, or 0 if it is another one in POSIX. */
static size_t bracket(struct str s)
{
	size_t i = 1;

	if (i < s.n && s.p[i] == '^')
		i++;
	if (i < s.n && s.p[i] == ']')
		i++;
	while (i < s.n && s.p[i] != ']' && s.p[i] != '[' && s.p[i] != '\\')
		i++;
	return i < s.n && s.p[i] == ']' ? i + 1 : 0;
}

static bool is_number(struct str s, int64_t *out)
{
	return s.n && ascii_is_digit(s.p[0]) && str_int(s, 0, UINT16_MAX, out);
}

/*
 * A repeat count, {n} {n,} {n,m}; its length, or 0: then Perl takes the brace as it is. *most is
 * its larger number.
 */
static size_t repeat_count(struct str s, int64_t *most)
{
	ptrdiff_t end = str_chr(s, '}');
	struct str high = str_sub(s, 1, end < 0 ? 0 : (size_t)end - 1), low = str_cut(&high, ',');
	int64_t more = 0;

	if (!is_number(low, most) || (high.n && !is_number(high, &more)))
		return 0;
	*most = more > *most ? more : *most;
	return (size_t)end + 1;
}

/* An escape: digits have another name, and what else is a letter has no or another meaning. */
static size_t add_escape(struct buf *b, struct str s)
{
	if (s.n < 2)
		return 0;
	if (s.p[1] == 'd')
		buf_addz(b, "[0-9]");
	else if (is_alnum(s.p[1]) || str_chr(STR("<>`'"), s.p[1]) >= 0)
		return 0;
	else
		buf_add(b, str_sub(s, 0, 2));
	return 2;
}

/* An expression on its way into a table. */
struct posix {
	struct buf *to;
	char before;    /* the last character, if it stands for itself or ends a count */
	int64_t copies; /* of a piece, if all counts are within each other */
};

static size_t add_piece(struct posix *x, struct str s)
{
	int64_t most = 1;
	size_t count = s.p[0] == '{' ? repeat_count(s, &most) : 0;
	size_t n = s.p[0] == '[' ? bracket(s) : count ? count : 1;

	if (s.p[0] == '\\')
		return add_escape(x->to, s);
	if (s.p[0] == '(' && s.n > 1 && s.p[1] == '?')
		return str_starts(s, STR("(?:")) ? (buf_addc(x->to, '('), 3) : 0;
	if ((count || is_repeat(s.p[0])) && is_repeat(x->before))
		return 0; /* lazy or possessive */
	if (str_chr(str_sub(s, 0, n), '/') >= 0 && n > 1)
		return 0;
	if (count && most > 1)
		x->copies *= most;
	if (x->copies > COPIES_MAX)
		return 0;
	if (!count && str_chr(STR("/{}"), s.p[0]) >= 0)
		buf_addc(x->to, '\\');
	buf_add(x->to, str_sub(s, 0, n));
	return n;
}

/* False if Postfix would read it as another expression. */
static bool add_regex(struct buf *b, struct str s)
{
	struct posix x = { .to = b, .copies = 1 };

	while (s.n) {
		size_t n = add_piece(&x, s);

		if (n == 0)
			return false;
		x.before = n == 1 || s.p[0] == '{' ? s.p[n - 1] : 0;
		s = str_from(s, n);
	}
	return true;
}

/* A line of its own in a table: nothing in it may end the line or begin another. */
static bool is_one_line(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < 0x20 || s.p[i] == 0x7f)
			return false;
	return s.n > 0;
}

static bool add_pattern(struct arena *a, struct lines *lines, int64_t kind, struct str value)
{
	bool ok = true;
	struct buf b;

	buf_init(&b, a, WHITELIST_LINE_MAX);
	buf_addz(&b, kind == KIND_REGEX ? "/^(" : kind == KIND_DOMAIN ? "/^.+@" : "/^");
	if (kind == KIND_REGEX)
		ok = add_regex(&b, rule_re_text(a, value, RE_FULL));
	else
		add_quoted(&b, value);
	buf_addz(&b, kind == KIND_REGEX ? ")$/ OK" : "$/ OK");
	if (!ok || b.failed)
		return false;
	vec_add(a, &lines->list, buf_str(&b));
	return true;
}

static bool add_client(struct arena *a, struct lines *lines, int64_t kind, struct str value)
{
	struct cidr_addr addr;
	struct cidr net;
	struct err e;

	if (kind == KIND_IP && cidr_addr_parse(value, &addr))
		vec_add(a, &lines->list, cidr_addr_text(a, &addr));
	else if (kind == KIND_NET && cidr_parse(value, &net, &e) == 0) {
		net = cidr_network(&net);
		vec_add(a, &lines->list, cidr_text(a, &net, false));
	} else
		return false;
	return true;
}

static int by_bytes(const void *x, const void *y)
{
	return str_cmp(*(const struct str *)x, *(const struct str *)y);
}

static int join(struct arena *a, const struct lines *lines, const char *action, struct str *out,
		struct err *e)
{
	struct buf b;

	if (lines->list.n)
		qsort(lines->list.p, lines->list.n, sizeof(*lines->list.p), by_bytes);
	buf_init(&b, a, WHITELIST_TABLE_MAX);
	for (size_t i = 0; i < lines->list.n; i++)
		if (i == 0 || !str_eq(lines->list.p[i], lines->list.p[i - 1]))
			buf_addf(&b, "%.*s%s\n", STR_ARG(lines->list.p[i]), action);
	return buf_done(&b, out, e);
}

int whitelist_tables(struct arena *a, const struct whitelist_row *rows, size_t n,
		     struct whitelist_tables *out, struct err *e)
{
	struct lines senders = { 0 }, receivers = { 0 }, clients = { 0 };

	for (size_t i = 0; i < n; i++) {
		const struct whitelist_row *r = &rows[i];
		int64_t kind = whitelist_kind(r->otype);
		struct lines *lines = kind == r->otype ? &senders : &receivers;
		bool written = false;

		if (!whitelist_usable(a, r) || !is_one_line(r->value))
			continue; /* whitelist_build() has told */
		if (kind == KIND_EMAIL || kind == KIND_DOMAIN || kind == KIND_REGEX)
			written = add_pattern(a, lines, kind, r->value);
		else if (kind == KIND_IP || kind == KIND_NET)
			written = add_client(a, &clients, kind, r->value);
		else
			continue; /* LDAP: pmgpolicy alone may know */
		if (!written)
			log_notice("SMTP whitelist: object %lld: Postfix has no such pattern, only "
				   "SPF and greylisting know it",
				   (long long)r->id);
	}
	if (join(a, &senders, "", &out->senders, e) < 0 ||
	    join(a, &receivers, "", &out->receivers, e) < 0 ||
	    join(a, &clients, " OK", &out->clients, e) < 0 ||
	    join(a, &clients, " permit", &out->postscreen, e) < 0)
		return err_wrap(e, "SMTP whitelist");
	return 0;
}
