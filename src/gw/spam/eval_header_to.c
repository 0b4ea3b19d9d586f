/* Senders and recipients held against each other. */
#include "gw/spam/eval_header.h"
#include "lib/uri/domains.h"

enum {
	SIMILAR_MIN = 5, /* recipients; fewer prove nothing */
	SORTED_MIN = 7,
	RECIPIENTS_MAX = 1000, /* that are compared with each other */
	ALIKE = 2,             /* octets of a name that make it look like another */
};

/* check_for_missing_to_header() */
unsigned header_missing_to(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return !eval_has_header(r, "To") && !eval_has_header(r, "Apparently-To");
}

static struct str local_part(struct str addr)
{
	ptrdiff_t at = str_chr(addr, '@');

	return at < 0 ? addr : str_sub(addr, 0, (size_t)at);
}

static bool is_word(char c)
{
	return ascii_is_alpha(c) || ascii_is_digit(c) || c == '_';
}

/* `re: joe`, `fw: hello joe` */
static bool is_answer_to(struct str subject, struct str user)
{
	struct str word;
	size_t n = 0;

	if (!str_istarts(subject, STR("re:")) && !str_istarts(subject, STR("fw:")))
		return false;
	subject = str_ltrim(str_from(subject, 3));
	if (str_ieq(subject, user))
		return true;
	while (n < subject.n && is_word(subject.p[n]))
		n++;
	word = str_from(subject, n);
	return n && word.n && ascii_is_blank(word.p[0]) && str_ieq(str_ltrim(word), user);
}

/* `joe, look at this` */
static bool is_spoken_to(struct str subject, struct str user)
{
	struct str rest = str_from(subject, user.n);

	if (!str_starts(subject, user))
		return false;
	rest = str_ltrim(rest);
	return rest.n && memchr(",:;!?-", rest.p[0], 6) &&
	       (rest.n == 1 || ascii_is_blank(rest.p[1]));
}

/* \b on both sides of an occurrence */
static bool has_word(struct str text, struct str word)
{
	ptrdiff_t at;

	for (size_t i = 0; (at = str_ifind(str_from(text, i), word)) >= 0; i += (size_t)at + 1) {
		size_t from = i + (size_t)at, to = from + word.n;
		bool before = from > 0 && is_word(text.p[from - 1]);
		bool after = to < text.n && is_word(text.p[to]);

		if (before != is_word(word.p[0]) && after != is_word(word.p[word.n - 1]))
			return true;
	}
	return false;
}

/* check_for_to_in_subject(user|address): the first recipient, as if it were a name. */
unsigned header_to_in_subject(struct eval_run *r, const struct eval_args *args)
{
	struct str to = eval_first(r, "To:addr"), subject = eval_header(r, "Subject");
	struct str user = local_part(to);

	if (str_ends(subject, STR("\n")))
		subject.n--;
	if (to.n == 0)
		return 0;
	if (str_eq(eval_arg(args, 0), STR("address")))
		return has_word(subject, to);
	return str_eq(eval_arg(args, 0), STR("user")) &&
	       (str_ieq(subject, user) || is_answer_to(subject, user) ||
		is_spoken_to(subject, user));
}

struct recipient {
	struct str addr, user, host; /* user and host: as much as is compared */
};

struct recipients {
	VEC(struct recipient) v;
};

/* One that is there twice in a row counts once. */
static bool is_repeated(const struct recipients *list, struct str addr)
{
	return list->v.n && str_ieq(list->v.p[list->v.n - 1].addr, addr);
}

static void recipients_add(struct eval_run *r, const char *header, struct recipients *out)
{
	struct spam_header_query q = { str_of(header), SPAM_HEADER_ADDR };
	struct spam_texts all = spam_header(r->m, &q);

	for (size_t i = 0; i < all.n && out->v.n < RECIPIENTS_MAX; i++)
		if (!is_repeated(out, all.v[i]))
			vec_add(r->a, &out->v,
				((struct recipient){
					all.v[i], str_sub(local_part(all.v[i]), 0, ALIKE),
					str_sub(eval_addr_host(all.v[i]), 0, ALIKE) }));
}

/* Of all pairs: how many users look alike, and hosts that are not the same one. */
static double similarity(const struct recipients *list)
{
	size_t hits = 0, pairs = 0;

	for (size_t i = 0; i < list->v.n; i++)
		for (size_t k = i + 1; k < list->v.n; k++, pairs++) {
			const struct recipient *x = &list->v.p[i], *y = &list->v.p[k];

			hits += str_eq(x->user, y->user);
			hits += str_eq(x->host, y->host) &&
				!str_eq(eval_addr_host(x->addr), eval_addr_host(y->addr));
		}
	return pairs ? (double)hits / (double)pairs : 0;
}

static bool is_sorted(const struct recipients *list)
{
	for (size_t i = 1; i < list->v.n; i++)
		if (str_cmp(list->v.p[i - 1].addr, list->v.p[i].addr) > 0)
			return false;
	return true;
}

static struct header_mail *recipients(struct eval_run *r)
{
	struct header_mail *mail = r->mail;
	struct recipients list = { 0 };

	if (mail->have_to)
		return mail;
	mail->have_to = true;
	recipients_add(r, "ToCc", &list);
	if (list.v.n < SIMILAR_MIN)
		recipients_add(r, "Bcc", &list);
	mail->to_sorted = list.v.n >= SORTED_MIN && is_sorted(&list);
	mail->to_similar = list.v.n >= SIMILAR_MIN ? similarity(&list) : 0;
	return mail;
}

/* similar_recipients(MIN, MAX) */
unsigned header_similar(struct eval_run *r, const struct eval_args *args)
{
	double similar = recipients(r)->to_similar;

	if (!str_eq(eval_arg(args, 0), STR("undef")) && similar < eval_arg_number(r, args, 0, 0))
		return 0;
	return str_eq(eval_arg(args, 1), STR("undef")) || similar < eval_arg_number(r, args, 1, 0);
}

/* sorted_recipients() */
unsigned header_sorted(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return recipients(r)->to_sorted;
}

/* The last two labels behind the @ of the first address, whatever may be registered there. */
static struct str first_domain(struct eval_run *r, const char *header)
{
	struct str addr = eval_first(r, header), host = eval_addr_host(addr);
	ptrdiff_t dot = str_rchr(host, '.');

	if (str_chr(addr, '@') < 0)
		return STR_NONE;
	if (dot > 0)
		dot = str_rchr(str_sub(host, 0, (size_t)dot), '.');
	return str_from(host, (size_t)(dot + 1));
}

/* check_equal_from_domains(): that they are not. */
unsigned header_equal_domains(struct eval_run *r, const struct eval_args *args)
{
	struct str from = first_domain(r, "From:addr");
	struct str sender = first_domain(r, "EnvelopeFrom:addr");

	(void)args;
	return from.n && sender.n && !str_ieq(from, sender);
}

/* check_for_matching_env_and_hdr_from() */
unsigned header_same_sender(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return str_ieq(eval_first(r, "EnvelopeFrom:addr"), eval_first(r, "From:addr"));
}

/* check_ratware_envelope_from(): an envelope sender with the recipient's address inside. */
unsigned header_ratware_sender(struct eval_run *r, const struct eval_args *args)
{
	struct str to = eval_first(r, "To:addr"), from = eval_header(r, "EnvelopeFrom:addr");
	struct str user = local_part(to), host = eval_addr_host(to), domain, rest;
	ptrdiff_t at;

	(void)args;
	if (str_istarts(from, STR("SRS0=")) || str_istarts(from, STR("SRS1=")) || !user.n ||
	    !uri_domains_has_tld(r->view->domains, host))
		return 0;
	domain = eval_domain(r, host);
	for (size_t i = 0; (at = str_ifind(str_from(from, i), domain)) >= 0; i += (size_t)at + 1) {
		rest = str_from(from, i + (size_t)at + domain.n);
		if ((i + (size_t)at == 0 || !is_word(from.p[i + (size_t)at - 1])) && rest.n &&
		    rest.p[0] != '\n' &&
		    str_istarts(str_from(rest, 1), str_cat(r->a, user, STR("@"))))
			return 1;
	}
	return 0;
}
