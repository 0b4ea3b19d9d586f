#include "gw/spam/conf.h"

#include "base/buf.h"

/*
 * ReplaceTags: <A> in a pattern becomes what `replace_tag A …` says, <pre P>, <inter I> and
 * <post Q> add something before, between adjacent and after all tags. What comes out may hold tags
 * again, so it is done in passes. The steps are SpamAssassin's, because their order shows: the
 * pattern is split at everything in angle brackets first, whatever replace_start and replace_end
 * are, and additions go by piece.
 */

enum { PASSES_MAX = 6, PIECES_MAX = 20000 };

struct pieces {
	struct str *p;
	size_t n, cap;
};

/* Offset and length of the first `start` … `end` with something in between; false if none. */
static bool find_tag(const struct spam_conf *c, struct str s, size_t *at, size_t *length)
{
	ptrdiff_t from = str_find(s, c->replace_start), to;
	struct str rest;

	if (from < 0)
		return false;
	rest = str_from(s, (size_t)from + c->replace_start.n);
	to = rest.n > 1 ? str_find(str_from(rest, 1), c->replace_end) : -1;
	if (to < 0)
		return false;
	*at = (size_t)from;
	*length = c->replace_start.n + 1 + (size_t)to + c->replace_end.n;
	return true;
}

static struct str tag_name(const struct spam_conf *c, struct str tag)
{
	return str_sub(tag, c->replace_start.n,
		       tag.n - c->replace_start.n - c->replace_end.n);
}

/* Takes the first `<WHAT NAME>` out; NAME's value, or nothing. */
static struct str modifier(const struct spam_conf *c, struct arena *a, const char *what,
			   enum conf_tag table, struct str *pattern)
{
	struct str mark = str_fmt(a, "%.*s%s ", STR_ARG(c->replace_start), what), rest, name;
	ptrdiff_t at = str_find(*pattern, mark), end;
	const struct str *value;

	if (at < 0)
		return STR_NONE;
	rest = str_from(*pattern, (size_t)at + mark.n);
	end = rest.n > 1 ? str_find(str_from(rest, 1), c->replace_end) : -1;
	if (end < 0)
		return STR_NONE;
	name = str_sub(rest, 0, (size_t)end + 1);
	rest = str_from(rest, name.n + c->replace_end.n);
	*pattern = str_cat(a, str_sub(*pattern, 0, (size_t)at), rest);
	value = map_get(&c->tags[table], name);
	return value ? *value : STR_NONE;
}

/* At `<…>`: its length, or 0. */
static size_t bracketed(struct str s)
{
	for (size_t n = 1; n < s.n && s.p[0] == '<'; n++) {
		if (s.p[n] == '>')
			return n > 1 ? n + 1 : 0;
		if (s.p[n] == '<')
			return 0;
	}
	return 0;
}

/* Text and tags in turn, starting with text; empty text stands between adjacent tags. */
static int split(struct arena *a, struct str pattern, struct pieces *out, struct err *e)
{
	size_t from = 0, n;

	for (size_t i = 0; i < pattern.n; i += n) {
		n = bracketed(str_from(pattern, i));
		if (n == 0) {
			n = 1;
			continue;
		}
		vec_add(a, out, str_sub(pattern, from, i - from));
		vec_add(a, out, str_sub(pattern, i, n));
		from = i + n;
		if (out->n > PIECES_MAX)
			return err_set(e, ERR_LIMIT, "more than %d tags", PIECES_MAX);
	}
	if (from < pattern.n)
		vec_add(a, out, str_from(pattern, from));
	return 0;
}

struct additions {
	struct str pre, inter, post;
};

static struct str add(const struct spam_conf *c, struct arena *a, struct str piece,
		      const struct additions *more)
{
	size_t at, length;

	if (find_tag(c, piece, &at, &length)) {
		struct str before = str_cat(a, str_sub(piece, 0, at), more->pre);
		struct str tag = str_cat(a, str_sub(piece, at, length), more->post);

		return str_cat(a, str_cat(a, before, tag), str_from(piece, at + length));
	}
	return piece.n ? piece : more->inter;
}

static struct str replace_all(struct arena *a, struct str s, struct str what, struct str with)
{
	ptrdiff_t at;
	struct buf b;

	buf_init(&b, a, 4ul * RE_PATTERN_MAX);
	while ((at = str_find(s, what)) >= 0) {
		buf_add(&b, str_sub(s, 0, (size_t)at));
		buf_add(&b, with);
		s = str_from(s, (size_t)at + what.n);
	}
	buf_add(&b, s);
	return buf_str(&b);
}

/* One tag of a piece becomes its value; *again if that holds tags itself. */
static struct str expand(const struct spam_conf *c, struct arena *a, struct str piece, bool *again)
{
	const struct str *value;
	size_t at, length;
	struct str tag;

	if (!find_tag(c, piece, &at, &length))
		return piece;
	tag = str_sub(piece, at, length);
	value = map_get(&c->tags[TAG_REPLACE], tag_name(c, tag));
	if (!value || value->n == 0)
		return piece;
	for (size_t i = 0; i < value->n && !*again; i++)
		*again = bracketed(str_from(*value, i)) > 0;
	return replace_all(a, piece, tag, *value);
}

static int pass(const struct spam_conf *c, struct arena *a, struct str *pattern, bool *again,
		struct err *e)
{
	struct pieces pieces = { 0 };
	struct additions more;
	struct buf b;

	more.pre = modifier(c, a, "pre", TAG_PRE, pattern);
	more.post = modifier(c, a, "post", TAG_POST, pattern);
	more.inter = modifier(c, a, "inter", TAG_INTER, pattern);
	if (split(a, *pattern, &pieces, e) < 0)
		return -1;
	buf_init(&b, a, RE_PATTERN_MAX);
	for (size_t i = 0; i < pieces.n; i++)
		buf_add(&b, expand(c, a, add(c, a, pieces.p[i], &more), again));
	return buf_done(&b, pattern, e);
}

int conf_replace(const struct spam_conf *c, struct arena *a, struct str pattern, struct str *out,
		 struct err *e)
{
	bool again = true;

	if (c->replace_start.n == 0 || c->replace_end.n == 0)
		again = false;
	for (int i = 0; again && i < PASSES_MAX; i++) {
		again = false;
		if (pass(c, a, &pattern, &again, e) < 0)
			return -1;
	}
	*out = pattern;
	return 0;
}
