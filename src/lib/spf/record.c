#include "lib/spf/record.h"

#include "base/vec.h"

/* What may follow a mechanism's name. */
enum {
	NEEDS_DOMAIN = 1,
	MAY_DOMAIN = 2,
	MAY_CIDR = 4,
	NEEDS_NET = 8,
};

static const struct {
	struct str name;
	enum spf_mechanism mechanism;
	unsigned takes;
} mechanisms[] = {
	{ STR_INIT("all"), SPF_ALL, 0 },
	{ STR_INIT("include"), SPF_INCLUDE, NEEDS_DOMAIN },
	{ STR_INIT("a"), SPF_A, MAY_DOMAIN | MAY_CIDR },
	{ STR_INIT("mx"), SPF_MX, MAY_DOMAIN | MAY_CIDR },
	{ STR_INIT("ptr"), SPF_PTR, MAY_DOMAIN },
	{ STR_INIT("ip4"), SPF_IP4, NEEDS_NET },
	{ STR_INIT("ip6"), SPF_IP6, NEEDS_NET },
	{ STR_INIT("exists"), SPF_EXISTS, NEEDS_DOMAIN },
};

bool spf_record_is(struct str text)
{
	return str_istarts(text, STR("v=spf1")) && (text.n == 6 || text.p[6] == ' ');
}

static bool is_alnum(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c);
}

/* The last label: letters, digits and inner hyphens, and not digits alone. */
static bool is_top_label(struct str label)
{
	bool digits = true;

	if (label.n == 0 || !is_alnum(label.p[0]) || !is_alnum(label.p[label.n - 1]))
		return false;
	for (size_t i = 0; i < label.n; i++) {
		if (!is_alnum(label.p[i]) && label.p[i] != '-')
			return false;
		digits &= ascii_is_digit(label.p[i]);
	}
	return !digits;
}

/* Whether a valid text ends with a macro: "%{…}", "%%", "%_", "%-". */
static bool ends_with_macro(struct str spec)
{
	size_t i = 0, last = 0;

	while (i < spec.n) {
		last = i;
		if (spec.p[i] != '%')
			i++;
		else if (spec.p[i + 1] == '{')
			i += (size_t)str_chr(str_from(spec, i), '}') + 1;
		else
			i += 2;
	}
	return spec.n && spec.p[last] == '%';
}

static bool is_domain_spec(struct str spec)
{
	ptrdiff_t dot;

	if (!spf_macro_is_valid(spec, false))
		return false;
	if (ends_with_macro(spec))
		return true;
	if (str_ends(spec, STR(".")))
		spec.n--;
	dot = str_rchr(spec, '.');
	return dot >= 0 && is_top_label(str_from(spec, (size_t)dot + 1));
}

/* "/24" and "//64" at the end of *s, which loses them. */
static bool cut_bits(struct str *s, int64_t max, const char *slashes, uint8_t *out)
{
	size_t at = s->n;
	struct str mark = str_of(slashes);
	int64_t bits;

	while (at > 0 && ascii_is_digit(s->p[at - 1]))
		at--;
	if (!str_ends(str_sub(*s, 0, at), mark))
		return true;
	/* One slash of two is not ours. */
	if (mark.n == 1 && str_ends(str_sub(*s, 0, at), STR("//")))
		return true;
	if (!str_int(str_from(*s, at), 0, max, &bits) || (s->n - at > 1 && s->p[at] == '0'))
		return false;
	*out = (uint8_t)bits;
	s->n = at - mark.n;
	return true;
}

static bool parse_net(struct str text, struct spf_term *t)
{
	uint8_t family = t->mechanism == SPF_IP4 ? 4 : 6;

	t->net.bits = family == 4 ? 32 : 128;
	if (!cut_bits(&text, t->net.bits, "/", &t->net.bits))
		return false;
	return cidr_addr_parse(text, &t->net.addr) && t->net.addr.family == family;
}

/* What stands behind the name: "", ":domain/24//64", ":192.0.2.0/24". */
static bool parse_rest(struct str rest, unsigned takes, struct spf_term *t)
{
	bool colon;

	t->bits4 = 32;
	t->bits6 = 128;
	if ((takes & MAY_CIDR) &&
	    (!cut_bits(&rest, 128, "//", &t->bits6) || !cut_bits(&rest, 32, "/", &t->bits4)))
		return false;
	colon = str_starts(rest, STR(":"));
	if (!colon)
		return rest.n == 0 && !(takes & (NEEDS_DOMAIN | NEEDS_NET));
	rest = str_from(rest, 1);
	if (takes & NEEDS_NET)
		return parse_net(rest, t);
	t->domain = rest;
	return (takes & (NEEDS_DOMAIN | MAY_DOMAIN)) && is_domain_spec(rest);
}

static enum spf_result cut_qualifier(struct str *word)
{
	static const struct {
		char c;
		enum spf_result result;
	} qualifiers[] = {
		{ '+', SPF_PASS }, { '-', SPF_FAIL }, { '~', SPF_SOFTFAIL }, { '?', SPF_NEUTRAL }
	};

	for (size_t i = 0; i < ARRAY_LEN(qualifiers); i++) {
		if (word->n && word->p[0] == qualifiers[i].c) {
			*word = str_from(*word, 1);
			return qualifiers[i].result;
		}
	}
	return SPF_PASS;
}

static bool parse_mechanism(struct str word, struct spf_term *t)
{
	struct str name;
	size_t n = 0;

	*t = (struct spf_term){ .text = word };
	t->result = cut_qualifier(&word);
	while (n < word.n && is_alnum(word.p[n]))
		n++;
	name = str_sub(word, 0, n);
	for (size_t i = 0; i < ARRAY_LEN(mechanisms); i++) {
		if (!str_ieq(name, mechanisms[i].name))
			continue;
		t->mechanism = mechanisms[i].mechanism;
		return parse_rest(str_from(word, n), mechanisms[i].takes, t);
	}
	return false;
}

/* A modifier is a name, "=" and anything; true if the word looks like one. */
static bool is_modifier(struct str word)
{
	size_t n = 0;

	while (n < word.n && (is_alnum(word.p[n]) || (n && strchr("-_.", word.p[n]))))
		n++;
	return n < word.n && word.p[n] == '=';
}

static bool set_once(struct str value, struct str *out)
{
	if (out->n || !is_domain_spec(value))
		return false;
	*out = value;
	return true;
}

static bool parse_modifier(struct str word, struct spf_record *r)
{
	struct str value = word, name = str_cut(&value, '=');

	if (!ascii_is_alpha(word.p[0]))
		return false;
	if (str_ieq(name, STR("redirect")))
		return set_once(value, &r->redirect);
	if (str_ieq(name, STR("exp")))
		return set_once(value, &r->exp);
	return value.n == 0 || spf_macro_is_valid(value, false);
}

int spf_record_parse(struct arena *a, struct str text, struct spf_record *out, struct err *e)
{
	VEC(struct spf_term) terms = { 0 };
	struct spf_record r = { 0 };
	struct str rest = str_from(text, STR("v=spf1").n);

	while (rest.n) {
		struct str word = str_cut(&rest, ' ');
		struct spf_term t;

		if (word.n == 0)
			continue;
		if (is_modifier(word) ? !parse_modifier(word, &r) : !parse_mechanism(word, &t))
			return err_set(e, ERR_INVALID, "\"%.*s\" makes no sense",
				       STR_ARG(str_sub(word, 0, 100)));
		if (terms.n == SPF_RECORD_TERMS_MAX)
			return err_set(e, ERR_LIMIT, "more than %d terms", SPF_RECORD_TERMS_MAX);
		if (!is_modifier(word))
			vec_add(a, &terms, t);
	}
	r.terms = terms.p;
	r.n = terms.n;
	*out = r;
	return 0;
}
