/*
 * Putting a text above or below what a mail says (filter.md §7.6). Private to gw/rules.
 *
 * The mail's text is where a reader sees it first: every alternative, else the first text of a
 * multipart. Attachments and other messages are left alone, and so is whatever is signed or
 * encrypted, as multipart/signed, multipart/encrypted, S/MIME or a text with PGP in it; the version
 * says which part that was.
 */
#pragma once

#include "gw/rules/act.h"

struct disclaimer {
	struct str html, plain; /* as inserted, UTF-8 */
	bool top;
};

/* What an HTML text says, as plain text: <br> is a line end, line ends are nothing. */
struct str disclaimer_plain(struct arena *a, struct str html);

/* Adds it to `v`. */
enum disclaimer_result disclaimer_add(struct act *x, const struct disclaimer *d,
				      struct version *v);
