/*
 * postscreen - what Postfix's postscreen refuses before there is a mail, counted from its lines in
 * the journal (policy.md §6).
 *
 * Where counting has come to stands in the database and moves with the counters, so a restart
 * neither loses nor repeats any; what was refused is counted in the hour of its line.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "lib/db/db.h"

enum {
	POSTSCREEN_ROUND_MAX = 100000, /* lines of one round; the next one goes on behind them */
};

enum postscreen_event { POSTSCREEN_OTHER, POSTSCREEN_RBL, POSTSCREEN_PREGREET };

/* What a line says: the part of it that no client has written decides. */
enum postscreen_event postscreen_event(struct str message);

/* Counts what is new, as node `cid`; if nobody ever counted here, from `since` on. */
MUST_CHECK int postscreen_count(struct arena *a, struct db *db, int64_t cid, int64_t since,
				int64_t now, struct err *e);
