/*
 * Content-Type and Content-Disposition as clients read them. One pass from left to right that never
 * goes back: a comment or a quoted string without end takes the rest of the value.
 */
#include "base/buf.h"
#include "lib/mime/mime_int.h"

void mime_lex_init(struct lex *lx, struct parser *ps, struct str value)
{
	*lx = (struct lex){ .ps = ps, .p = value.p, .end = value.p + value.n };
}

static bool is_blank(char c)
{
	return ascii_is_blank(c) || c == '\0';
}

static bool is_naive(const struct lex *lx)
{
	return has_habit(lx->ps, HABIT_NAIVE);
}

static bool is_comment(const struct lex *lx)
{
	return *lx->p == '(' && !is_naive(lx);
}

static void skip_comment(struct lex *lx)
{
	unsigned depth = 0;

	lx->anomalies |= MIME_SYNTAX_RARE;
	for (; lx->p < lx->end; lx->p++) {
		if (*lx->p == '\\' && lx->end - lx->p > 1)
			lx->p++;
		else if (*lx->p == '(' && ++depth > MIME_COMMENT_DEPTH_MAX)
			break;
		else if (*lx->p == ')' && --depth == 0)
			break;
	}
	if (lx->p == lx->end || *lx->p != ')') {
		lx->anomalies |= MIME_COMMENT_OPEN;
		lx->p = lx->end;
	} else {
		lx->p++;
	}
}

bool mime_lex_skip(struct lex *lx)
{
	while (lx->p < lx->end) {
		if (is_comment(lx))
			skip_comment(lx);
		else if (is_blank(*lx->p))
			lx->p++;
		else
			return true;
	}
	return false;
}

struct str mime_lex_word(struct lex *lx, const char *stops)
{
	struct str word;

	if (lx->p < lx->end && *lx->p == '"')
		lx->p++;
	word.p = lx->p;
	while (lx->p < lx->end && !is_blank(*lx->p) && !is_comment(lx) && *lx->p != '"' &&
	       !strchr(stops, *lx->p))
		lx->p++;
	word.n = (size_t)(lx->p - word.p);
	if (lx->p < lx->end && *lx->p == '"')
		lx->p++;
	return word;
}

/* A value without its line ends (folding) and, in a quoted one, without backslashes. */
static struct str plain(struct lex *lx, struct str s, bool escapes)
{
	char *to;
	size_t i, n = 0;

	if (!memchr(s.p, '\n', s.n) && !(escapes && memchr(s.p, '\\', s.n)))
		return s;
	to = arena_alloc(lx->ps->a, s.n);
	for (i = 0; i < s.n; i++) {
		if (escapes && s.p[i] == '\\' && i + 1 < s.n)
			i++;
		else if (s.p[i] == '\n' || (s.p[i] == '\r' && i + 1 < s.n && s.p[i + 1] == '\n'))
			continue;
		to[n++] = s.p[i];
	}
	return (struct str){ to, n };
}

/* Without knowing about escapes; a quote that is never closed ends with the parameter. */
static struct str quoted_naively(struct lex *lx)
{
	struct str rest = { lx->p, (size_t)(lx->end - lx->p) };
	ptrdiff_t end = str_chr(rest, '"');
	bool closed = end >= 0;

	if (!closed)
		end = str_chr(rest, ';');
	if (end >= 0)
		rest.n = (size_t)end;
	lx->p += rest.n + closed;
	return plain(lx, rest, false);
}

/* What follows the opening quote. */
static struct str quoted(struct lex *lx)
{
	const char *from = ++lx->p;
	struct str value;

	if (is_naive(lx))
		return quoted_naively(lx);

	while (lx->p < lx->end && *lx->p != '"')
		lx->p += *lx->p == '\\' && lx->end - lx->p > 1 ? 2 : 1;
	value = plain(lx, (struct str){ from, (size_t)(lx->p - from) }, true);
	if (memchr(from, '\\', (size_t)(lx->p - from)))
		lx->anomalies |= MIME_SYNTAX_RARE;
	if (lx->p == lx->end) {
		lx->anomalies |= MIME_QUOTE_OPEN;
		return str_rtrim(value);
	}
	lx->p++;
	return value;
}

/* True if the next word is `name=`: somebody forgot the semicolon. */
static bool next_is_param(const char *p, const char *end)
{
	while (p < end && is_blank(*p))
		p++;
	while (p < end && !is_blank(*p) && *p != ';' && *p != '"' && *p != '(' && *p != '=')
		p++;
	return p < end && *p == '=';
}

/* Up to a semicolon, a comment or the next parameter, blanks inside included (file names). */
static struct str unquoted(struct lex *lx)
{
	const char *from = lx->p;
	struct str value;

	while (lx->p < lx->end && *lx->p != ';' && !is_comment(lx)) {
		if (is_blank(*lx->p) && lx->p > from && !is_blank(lx->p[-1]) &&
		    next_is_param(lx->p, lx->end)) {
			lx->anomalies |= MIME_PARAM_INVALID;
			break;
		}
		lx->p++;
	}
	value = str_rtrim((struct str){ from, (size_t)(lx->p - from) });
	if (lx->p < lx->end && is_comment(lx) && from + value.n == lx->p)
		lx->odd = true;
	for (size_t i = 0; i < value.n; i++)
		lx->spaced |= is_blank(value.p[i]);
	return plain(lx, value, false);
}

/* Text glued to a quoted value belongs to it, as far as anything does. */
static struct str param_value(struct lex *lx)
{
	struct str value, more;

	lx->odd = lx->spaced = lx->quoted = false;
	if (!mime_lex_skip(lx))
		return STR("");
	lx->quoted = *lx->p == '"';
	if (!lx->quoted)
		return unquoted(lx);
	value = quoted(lx);
	if (lx->p == lx->end || *lx->p == ';' || is_blank(*lx->p))
		return value;
	lx->odd = true;
	if (is_comment(lx))
		return value;
	lx->anomalies |= MIME_PARAM_INVALID;
	more = mime_lex_word(lx, ";");
	if (is_naive(lx))
		return value;
	return str_cat(lx->ps->a, value, more);
}

/* `name*0*` and `name*0` are the same piece of the same parameter (RFC 2231, 3 and 4.1). */
static struct str piece_name(struct str name)
{
	ptrdiff_t star = str_chr(name, '*');

	if (star >= 0 && (size_t)star + 1 < name.n && name.p[name.n - 1] == '*')
		name.n--;
	return name;
}

static bool is_duplicate(const struct mime_param_list *params, struct str name)
{
	struct str piece = piece_name(name);

	for (size_t i = 0; i < params->n; i++) {
		struct str other = piece_name(params->p[i].name);

		if (other.n == piece.n && str_ieq(other, piece))
			return true;
	}
	return false;
}

static bool has_encoded_word(struct str s)
{
	ptrdiff_t at = str_find(s, STR("=?"));

	return at >= 0 && str_find(str_from(s, (size_t)at + 2), STR("?=")) >= 0;
}

static bool has_odd_bytes(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if (s.p[i] < ' ' || s.p[i] > '~')
			return true;
	return false;
}

/*
 * Everything that has been used to make clients and filters see different boundaries. Returns the
 * boundary to use: an unquoted one cannot contain blanks.
 */
static struct str judge_boundary(struct lex *lx, struct str name, struct str value,
				 bool invalid_before)
{
	struct str word = value;
	uint32_t found = 0;

	if (name.n > strlen("boundary"))
		found |= MIME_BOUNDARY_EXTENDED;
	else if (!str_rtrim(value).n)
		found |= MIME_BOUNDARY_EMPTY;
	if (invalid_before)
		found |= MIME_BOUNDARY_HIDDEN;
	if (has_encoded_word(value))
		found |= MIME_BOUNDARY_ENCODED;
	if (lx->odd || lx->spaced || has_odd_bytes(value))
		found |= MIME_BOUNDARY_ODD;
	lx->boundary_anomalies |= found;
	if (has_habit(lx->ps, HABIT_WORDS))
		word = value = mime_text_decode(lx->ps->a, value);
	if (lx->spaced && !is_naive(lx))
		str_word(&value, &word);
	return str_rtrim(word);
}

static bool is_boundary(struct str name)
{
	static const struct str boundary = STR_INIT("boundary");

	return str_istarts(name, boundary) && (name.n == boundary.n || name.p[boundary.n] == '*');
}

static void add_param(struct lex *lx, struct str name, struct str value)
{
	struct mime_param_list *params = &lx->ps->params;

	if (params->n >= lx->ps->lim.params) {
		if (!lx->ps->mail->truncated)
			lx->ps->mail->truncated = "parameters";
		lx->p = lx->end;
		return;
	}
	if (is_duplicate(params, name))
		lx->anomalies |= MIME_DUP_PARAM;
	vec_add(lx->ps->a, params, ((struct mime_param){ name, value, lx->quoted }));
}

/* One parameter, or something that is none; false then. */
static bool take_param(struct lex *lx, bool invalid_before)
{
	bool is_quoted = *lx->p == '"';
	struct str name, value;

	if (is_quoted)
		name = quoted(lx);
	else
		name = mime_lex_word(lx, "=;");
	if (!mime_lex_skip(lx) || *lx->p != '=')
		return false;
	lx->p++;
	value = param_value(lx);
	if (is_quoted || !name.n)
		return false;
	if (is_boundary(name))
		value = judge_boundary(lx, name, value, invalid_before);
	add_param(lx, name, value);
	return true;
}

struct mime_params mime_lex_params(struct lex *lx)
{
	struct mime_param_list *params = &lx->ps->params;
	struct mime_param *copy;
	bool separated = false, invalid = false;

	params->n = 0;
	while (mime_lex_skip(lx)) {
		if (*lx->p == ';') {
			separated = true;
			lx->p++;
			continue;
		}
		invalid |= !separated;
		invalid |= !take_param(lx, invalid);
		separated = false;
	}
	if (invalid)
		lx->anomalies |= MIME_PARAM_INVALID;
	copy = NEW_N(lx->ps->a, struct mime_param, params->n);
	if (params->n)
		memcpy(copy, params->p, params->n * sizeof(*copy));
	return (struct mime_params){ copy, (uint32_t)params->n };
}
