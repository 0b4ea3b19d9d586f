#include "lib/dmarc/dmarc.h"

struct tag {
	struct str name, value;
};

struct tags {
	struct tag p[DMARC_TAGS_MAX];
	size_t n;
};

/* Case of names does not matter here. What is no tag is stepped over: so does everybody else. */
static void read_tags(struct str text, struct tags *out)
{
	out->n = 0;
	while (text.n && out->n < DMARC_TAGS_MAX) {
		struct str value = str_cut(&text, ';');
		struct str name = str_trim(str_cut(&value, '='));

		if (name.n && value.p)
			out->p[out->n++] = (struct tag){ name, str_trim(value) };
	}
}

/* The first of that name, or an empty text. */
static struct str tag(const struct tags *tags, const char *name)
{
	for (size_t i = 0; i < tags->n; i++) {
		if (str_ieq(tags->p[i].name, str_of(name)))
			return tags->p[i].value;
	}
	return STR_NONE;
}

const char *dmarc_policy_name(enum dmarc_policy policy)
{
	static const char *const names[] = { "none", "quarantine", "reject" };

	return names[policy];
}

static bool parse_policy(struct str text, enum dmarc_policy *out)
{
	for (enum dmarc_policy p = DMARC_NONE; p <= DMARC_REJECT; p++) {
		if (str_ieq(text, str_of(dmarc_policy_name(p)))) {
			*out = p;
			return true;
		}
	}
	return false;
}

/* Whether one of the addresses that want reports is a URI that can take one. */
static bool has_report_address(struct str list)
{
	while (list.n) {
		struct str uri = str_trim(str_cut(&list, ','));

		if (str_istarts(uri, STR("mailto:")) && str_chr(uri, '@') > 7)
			return true;
	}
	return false;
}

bool dmarc_record_parse(struct str text, struct dmarc_record *out)
{
	struct dmarc_record r = { .percent = 100 };
	struct str subdomains;
	struct tags tags;
	int64_t percent;

	read_tags(text, &tags);
	if (tags.n == 0 || !str_ieq(tags.p[0].name, STR("v")) ||
	    !str_eq(tags.p[0].value, STR("DMARC1")))
		return false;
	r.reports = tag(&tags, "rua");
	r.failures = tag(&tags, "ruf");
	r.strict_dkim = str_ieq(tag(&tags, "adkim"), STR("s"));
	r.strict_spf = str_ieq(tag(&tags, "aspf"), STR("s"));
	if (str_int(tag(&tags, "pct"), 0, 100, &percent))
		r.percent = (int)percent;
	subdomains = tag(&tags, "sp");
	if (!parse_policy(tag(&tags, "p"), &r.policy) ||
	    (subdomains.n && !parse_policy(subdomains, &r.subdomains))) {
		/* Whoever wants reports gets them, and nothing else. */
		if (!has_report_address(r.reports))
			return false;
		r.policy = r.subdomains = DMARC_NONE;
	} else if (subdomains.n == 0) {
		r.subdomains = r.policy;
	}
	*out = r;
	return true;
}
