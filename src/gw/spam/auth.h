/*
 * auth - who vouches for a mail: SPF, DKIM, ARC and DMARC, each found out once per mail, whatever
 * rules and families ask. Private to gw/spam.
 *
 * SPF judges the first host outside our own network (spam-engine.md 5): what it called itself, and
 * the envelope sender it gave.
 */
#pragma once

#include "gw/spam/eval.h"
#include "lib/dkim/arc.h"
#include "lib/dkim/dkim.h"
#include "lib/dmarc/dmarc.h"
#include "lib/spf/spf.h"

enum auth_identity { AUTH_HELO, AUTH_SENDER };

/* Each asks at the first call. SPF_PENDING, ARC_PENDING, DMARC_PENDING: see EVAL_PENDING. */

/* NULL if the mail gives nothing to check. */
const struct spf_answer *auth_spf(struct eval_run *r, enum auth_identity identity);
/* *done: no signature is DKIM_PENDING. */
const struct dkim_verifier *auth_dkim(struct eval_run *r, bool *done);
const struct arc *auth_arc(struct eval_run *r);
const struct dmarc_answer *auth_dmarc(struct eval_run *r, const struct dmarc_suffixes *suffixes);

/* The envelope sender without brackets, and the addresses in From; lower case. */
struct str auth_sender(struct eval_run *r);
struct spam_texts auth_authors(struct eval_run *r);
struct str auth_domain(struct str address); /* behind the last @, or empty */

/* Has only the beginning of the mail been looked at? */
bool auth_is_cut(const struct eval_run *r);

/*
 * The name of a setting about lists without the word that it was renamed by: "def_list_auth" of
 * def_welcomelist_auth and def_whitelist_auth.
 */
struct str auth_setting(struct arena *a, struct str key);

/* Patterns of addresses with `*` and `?`; case does not matter. */
bool auth_glob(struct str pattern, struct str address);
