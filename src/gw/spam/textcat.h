/*
 * textcat - which language a text is in, by the sequences of letters that are frequent in it.
 *
 * Cavnar and Trenkle's method with SpamAssassin's profiles (its file `languages`, which belongs to
 * its rules): the most frequent sequences of up to five octets are ranked, and the language whose
 * ranks differ least is the best guess; those within a factor of it are guesses too. More of them
 * than a few say that nothing can be said. What is ranked are octets: capitals are those of
 * Latin-1, whatever the text is in, and links and the "Re:" of a subject do not count.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "gw/spam/views.h"

enum {
	TEXTCAT_FILE_MAX = 4 << 20,
	TEXTCAT_PROFILES_MAX = 200,
	TEXTCAT_RANKS_MAX = 400,     /* sequences of a profile, and of a text by default */
	TEXTCAT_INPUT_MAX = 1 << 16, /* octets that links are taken out of … */
	TEXTCAT_TEXT_MAX = 10000,    /* … and that are looked at then */
	TEXTCAT_TEXT_MIN = 256,      /* fewer say nothing */
	TEXTCAT_GUESSES_MAX = 20,
};

struct textcat;

/* The profiles of a `languages` file; ERR_INVALID if there are none in it. */
MUST_CHECK int textcat_load(struct arena *a, const char *path, struct textcat **out, struct err *e);
MUST_CHECK int textcat_parse(struct arena *a, struct str text, struct textcat **out, struct err *e);

struct textcat_options {
	struct str inactive; /* languages that are no candidates, unless … */
	struct str wanted;   /* … they are in this list */
	size_t max_guesses;  /* textcat_max_languages */
	size_t max_ranks;    /* textcat_max_ngrams */
	unsigned rare;       /* textcat_optimal_ngrams: sequences no more frequent are dropped */
	double acceptable;   /* textcat_acceptable_score */
};

/* SpamAssassin's defaults. */
void textcat_options_init(struct textcat_options *o);

struct textcat_guesses {
	size_t n;                          /* 0: nothing can be said */
	struct str v[TEXTCAT_GUESSES_MAX]; /* best first: "en", "zh.big5" */
	size_t octets; /* of the text they were made from, at most TEXTCAT_TEXT_MAX */
};

/* `lines` is the body view. */
void textcat_guess(struct arena *a, const struct textcat *t, const struct textcat_options *o,
		   struct spam_texts lines, struct textcat_guesses *out);

/* Is it one of the words? */
bool textcat_listed(struct str list, struct str language);
