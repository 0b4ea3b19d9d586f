/*
 * received_text - what can be done with the text of a Received line whatever its format. Private to
 * received.c.
 */
#pragma once

#include "gw/spam/message_int.h"

/* White space as single blanks, none and no semicolon at the end. */
struct str received_squeezed(struct arena *a, struct str s);

/* Without "; Tue, 23 May 2006 13:06:35 -0400" at the end; a comment after it keeps it. */
struct str received_without_date(struct str s);

/* Words that tell what they are by what stands before them; STR_NONE or false if there is none. */
struct str received_guess_helo(struct str line);
struct str received_guess_by(struct str line);
struct str received_guess_id(struct str line);
bool received_guess_envfrom(struct str line, struct str *out);
bool received_is_host_char(char c);

/* Characters that must not stand in a relay string become `!`; see spam-engine.md §3.8. */
struct str received_clean_envfrom(struct arena *a, struct str s);
void received_clean(struct arena *a, struct spam_relay *r, bool looks_up);
