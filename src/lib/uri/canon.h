/*
 * canon - the forms that one URI can be given to mislead filters, undone (spam-engine.md §3.7).
 */
#pragma once

#include "lib/uri/domains.h"

enum {
	URI_FORMS_MAX = 500,    /* of one URI; later ones are dropped */
	URI_REDIRECTS_MAX = 50, /* targets inside targets that are followed */
};

struct uri_forms {
	const struct str *v; /* each once */
	size_t n;
};

/* The target that a known redirector's URI names, a view into it; false if it is of none. */
struct uri_redirector {
	bool (*target)(const void *ctx, struct str uri, struct str *target);
	const void *ctx;
};

/* `uri` itself, trimmed, and everything that clients may make of it. */
struct uri_forms uri_canonical(struct arena *a, const struct uri_domains *d,
			       const struct uri_redirector *redirector, struct str uri);

/*
 * The host that a URI names, in lower case, and the domain that was registered for it (or the same
 * address); false for one that names none that could be real.
 */
bool uri_host(struct arena *a, const struct uri_domains *d, struct str uri, struct str *host,
	      struct str *domain);

/* Printable characters that were written as %XX, plain; blanks, quotes and 8-bit octets as %xx. */
struct str uri_unescape(struct arena *a, struct str s);
