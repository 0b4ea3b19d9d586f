/*
 * razor - what others have reported as spam: Vipul's Razor, version 2.
 *
 * Nobody has specified it. This does what the agents of Razor 2.84 (Debian's package `razor`) do,
 * oddities included, since a signature is worth nothing unless it is theirs; tests hold both
 * together.
 *
 * A mail has *parts*: the leaves of its multiparts with their Content- fields, cut to
 * RAZOR_BODY_MAX bytes. Transfer encodings are undone. A part without text has no signatures, any
 * other one has those of two engines:
 *
 *	4	of the text without tags: SHA-1 of two stretches of it, or of all if they are
 *		short. Where they lie is drawn by lot, with a seed that the server names ("ep4":
 *		the seed, a dash, and the character codes that separate lines)
 *	8	one for each host that is linked to: of the domain that was registered for it,
 *		and of the length of the text in hundreds
 *
 * The dialogue (TCP, RAZOR_PORT) is one of lines `key=value&key=value`. Several of them that belong
 * together start with a dash and end with a line of one dot:
 *
 *	server	sn=C&srl=52&a=cg&ep4=7542-10	what it is (sn), the number of its settings
 *	client	cn=razor-agents&cv=2.84		if it wants to know (a=cg)
 *	client	a=g&pm=state			if the number is above the one that we know
 *	server	-ac=15 ... se=C8 ... bql=4 .	its settings, see struct razor_server
 *	client	-a=c&e=4&ep4=7542-10&s=... .	bql questions at a time
 *	server	-p=1&cf=95 ... p=0 .		as many answers: reported or not, how surely (0 to
 *						100), ct=1 if contested; err=230 and its like: none
 *	client	a=q
 *
 * Which servers know signatures a discovery server tells: `a=g&pm=csl`, `csl=HOST[:PORT]`.
 *
 * What the other side sends is limited (RAZOR_ANSWER_MAX), and anything else than these lines ends
 * the talk. Nothing is sent before a greeting has come.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

#define RAZOR_DISCOVERY "discovery.razor.cloudmark.com"

enum {
	RAZOR_PORT = 2703,
	RAZOR_BODY_MAX = 60 * 1024, /* of one part; the rest does not count, as in Razor */
	RAZOR_HEADER_MAX = 4 * 1024,
	RAZOR_LEVELS_MAX = 20,      /* of multiparts; what is below is one part */
	RAZOR_PARTS_MAX = 500,      /* of one mail; later ones are left out, here and below */
	RAZOR_SIGNATURES_MAX = 500, /* of one mail */
	RAZOR_ANSWER_MAX = 16 * 1024,
	RAZOR_BATCH_MAX = 50, /* questions at a time, whatever the server wants */
	RAZOR_SERVERS_MAX = 50,
	RAZOR_STATE_MAX = 4096, /* of struct razor_server as a file */
	RAZOR_WHITE_RULES_MAX = 1000,
	RAZOR_WHITE_FIELDS_MAX = 200, /* of one mail that have rules; no more are looked at */
};

enum razor_engine { RAZOR_ANY = 0, RAZOR_TEXT = 4, RAZOR_HOSTS = 8 };

struct razor_part {
	size_t number;    /* among all parts, those without text too */
	struct str text;  /* without its transfer encoding */
	struct str plain; /* and without tags, if it has some */
};

struct razor_parts {
	VEC(struct razor_part) v;
};

/* The parts of a mail (header and body, as it came) that have text. */
struct razor_parts razor_parts(struct arena *a, struct str mail);

struct razor_signature {
	size_t part; /* its number */
	enum razor_engine engine;
	struct str text;
	/* What the server says about it. */
	bool known;     /* reported */
	bool rated;     /* and there is a `confidence` */
	bool contested; /* others have said that it is no spam */
	int64_t confidence;
};

struct razor_signatures {
	VEC(struct razor_signature) v;
};

/* What a server told about itself, or has on its first day. */
struct razor_server {
	int64_t srl;      /* number of these settings; -1: none were fetched */
	struct str ep4;   /* for engine 4 */
	uint32_t engines; /* that it has: bit n - 1 for engine n */
	int64_t sure;     /* "ac": from which confidence on it calls a signature spam */
	int64_t batch;    /* "bql": questions at a time */
};

struct razor_server razor_server_default(void);

/* As a file of lines `key = value`; what makes no sense in it is left at its default. */
struct razor_server razor_server_read(struct arena *a, struct str file);
struct str razor_server_write(struct arena *a, const struct razor_server *s);

/* All signatures of the engines that the server has. */
struct razor_signatures razor_sign(struct arena *a, const struct razor_parts *parts,
				   const struct razor_server *s);

/* Which parts have to be spam for the mail to be: the agents' numbers (logic_method). */
enum razor_logic {
	RAZOR_ANY_PART = 1,
	RAZOR_FIRST_PART = 2,
	RAZOR_EVERY_PART = 3,
	RAZOR_ANY_UNCONTESTED = 4, /* the agents' default */
	RAZOR_EVERY_UNCONTESTED = 5,
};

/*
 * Whether the mail is spam. A signature speaks for it if it is known and, where it is rated, its
 * confidence is at least `least`; a part is spam if one of its signatures says so. It is contested
 * if the last answer about it says so; a mail of which all is contested is no spam where that
 * counts. Parts without signatures count for nothing.
 */
bool razor_is_spam(const struct razor_signatures *s, int64_t least, enum razor_logic logic);

/* The highest confidence of that engine's signatures that is not contested; 0 if there is none. */
int64_t razor_confidence(const struct razor_signatures *s, enum razor_engine engine);

/*
 * A talk with one server, without its socket: what comes from the server goes into
 * razor_talk_read(), and after each call `out` is what is to be sent. RAZOR_OVER: nothing more is
 * expected, send the last `out` and close. RAZOR_FAULT: the server makes no sense, `fault` tells
 * why, and its answers do not count.
 */
enum razor_step { RAZOR_TALKING, RAZOR_OVER, RAZOR_FAULT };

struct razor_talk {
	struct arena *a;
	struct buf in;
	struct str out;
	const char *fault;
	/* A talk about a mail: its parts, what is known of the server, and whether that is new. */
	const struct razor_parts *parts; /* NULL: a talk with a discovery server */
	struct razor_server server;
	bool learnt;
	struct razor_signatures signatures;
	size_t asked, batch; /* signatures before this batch, and in it */
	/* A talk with a discovery server: "HOST" or "HOST:PORT", as it gave them. */
	VEC(struct str) servers;
	int at;
};

/* About the parts of a mail; `server` is what is known of this one. */
void razor_talk_check(struct razor_talk *t, struct arena *a, const struct razor_parts *parts,
		      const struct razor_server *server);
/* Which servers are there? */
void razor_talk_discover(struct razor_talk *t, struct arena *a);

enum razor_step razor_talk_read(struct razor_talk *t, struct str bytes);

/*
 * Mails that nobody is asked about: razor-whitelist(5). A rule is a line "NAME VALUE". It applies
 * to a mail with a field of that name (folded lines are joined) in which VALUE is found. To the
 * agents, and so here, VALUE is a pattern of Perl's, and neither it nor the name has a case.
 */
struct razor_whitelist {
	struct map rules; /* by name in lower case */
	size_t n;
	bool lists; /* and all that mailing lists send: fields List-Id, X-List-Id */
};

/* Lives in `keep`, as do its rules. */
void razor_whitelist_init(struct razor_whitelist *w, struct arena *keep);

/*
 * A line of the file; comments and empty ones are none. ERR_INVALID: it is no rule. So are those
 * named sha1: the manual has them, but no agent heeds them. ERR_LIMIT: there are too many.
 */
MUST_CHECK int razor_whitelist_add(struct razor_whitelist *w, struct arena *keep, struct str line,
				   struct err *e);

bool razor_whitelisted(struct arena *a, const struct razor_whitelist *w, struct str mail);
