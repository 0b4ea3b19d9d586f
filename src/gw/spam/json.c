#include "gw/spam/json.h"

#include "base/enc.h"

void spam_json_text(struct buf *b, struct str s)
{
	enc_json_add(b, s);
}

static void add_hits(struct buf *b, const char *key, const struct spam_hit *hits, size_t n)
{
	buf_addf(b, ",\"%s\":{", key);
	for (size_t i = 0; i < n; i++)
		buf_addf(b, "%s\"%.*s\":%.10g", i ? "," : "", STR_ARG(hits[i].name),
			 hits[i].score);
	buf_addc(b, '}');
}

static void add_counts(struct buf *b, const char *key, const struct spam_hit *hits, size_t n,
		       unsigned least)
{
	const char *comma = "";

	buf_addf(b, ",\"%s\":{", key);
	for (size_t i = 0; i < n; i++) {
		if (hits[i].count < least)
			continue;
		buf_addf(b, "%s\"%.*s\":%u", comma, STR_ARG(hits[i].name), hits[i].count);
		comma = ",";
	}
	buf_addc(b, '}');
}

void spam_json(struct buf *b, struct str file, size_t size, const struct spam_result *r)
{
	buf_addz(b, "{\"file\":");
	spam_json_text(b, file);
	buf_addf(b, ",\"score\":%.10g,\"required\":%g,\"spam\":%s", r->score, r->required,
		 r->score >= r->required ? "true" : "false");
	add_hits(b, "hits", r->hits, r->n_hits);
	add_counts(b, "subtests", r->subtests, r->n_subtests, 1);
	add_counts(b, "multi", r->hits, r->n_hits, 2);
	buf_addf(b, ",\"limited\":%u,\"size\":%zu}\n", r->limited, size);
}
