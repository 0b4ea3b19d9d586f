/* Senders of large providers whose servers wrote no Received line. */
#include "gw/spam/eval_header.h"

enum { GOOGLE_STATE_MIN = 60 /* bytes of a value that only Google's servers write */ };

static struct str received(struct eval_run *r)
{
	return eval_header(r, "Received");
}

static struct str from(struct eval_run *r)
{
	return eval_header(r, "From:addr");
}

static bool gated(struct eval_run *r)
{
	if (header_is(r, HEADER_EZMLM_LIST, eval_header(r, "Mailing-List")) &&
	    header_is(r, HEADER_EZMLM_TO, eval_header(r, "Delivered-To")) &&
	    header_is(r, HEADER_EZMLM_QMAIL, received(r)))
		return true;
	return received(r).n == 0 || header_is(r, HEADER_MSN_GROUPS, received(r));
}

/* gated_through_received_hdr_remover(): a list server that drops Received lines. */
unsigned header_gated(struct eval_run *r, const struct eval_args *args)
{
	struct header_mail *mail = r->mail;

	(void)args;
	if (!mail->have_gated) {
		mail->have_gated = true;
		mail->gated = gated(r);
	}
	return mail->gated;
}

/* check_for_fake_aol_relay_in_rcvd() */
unsigned header_fake_aol(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return header_is(r, HEADER_AOL_RELAY, received(r)) &&
	       !header_is(r, HEADER_AOL_OWN, received(r));
}

/* check_for_forged_eudoramail_received_headers() */
unsigned header_forged_eudora(struct eval_run *r, const struct eval_args *args)
{
	if (!header_is(r, HEADER_EUDORA_FROM, from(r)) || header_gated(r, args))
		return 0;
	return !header_is(r, HEADER_EUDORA_HOP, received(r)) ||
	       !header_is(r, HEADER_IP, eval_header(r, "X-Sender-Ip"));
}

/* check_for_forged_gmail_received_headers() */
unsigned header_forged_gmail(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return header_is(r, HEADER_GMAIL_FROM, from(r)) &&
	       !header_is(r, HEADER_GMAIL_XRECEIVED, eval_header(r, "X-Received")) &&
	       !header_is(r, HEADER_GMAIL_HOP, received(r)) &&
	       (eval_header(r, "X-Gm-Message-State").n < GOOGLE_STATE_MIN ||
		eval_header(r, "X-Google-Smtp-Source").n < GOOGLE_STATE_MIN);
}

/* A mail of an MSN group, which that group's server sent: check_for_msn_groups_headers() */
unsigned header_msn_groups(struct eval_run *r, const struct eval_args *args)
{
	const struct header_conf *c = r->conf;
	struct str to = eval_header(r, "To"), hop = received(r), id, list, server, start, sender;
	struct re_caps caps;

	(void)args;
	if (re_search(c->re[HEADER_MSN_LIST], to, 0, &caps) != RE_MATCH)
		return 0;
	list = re_group(&caps, to, 1);
	if (re_search(c->re[HEADER_MSN_PICKUP], hop, 0, &caps) != RE_MATCH)
		return 0;
	server = re_group(&caps, hop, 1);
	id = eval_header(r, "Message-Id");
	if (str_eq(list, STR("notifications"))) {
		start = str_fmt(r->a, "@%.*s>", STR_ARG(server));
		return str_starts(id, STR("<")) && str_find(id, start) > 1;
	}
	start = str_fmt(r->a, "<%.*s-", STR_ARG(list));
	sender = str_fmt(r->a, "%.*s-bounce@groups.msn.com", STR_ARG(list));
	return str_starts(id, start) &&
	       str_find(id, STR("@groups.msn.com>")) > (ptrdiff_t)start.n &&
	       str_find(eval_header(r, "EnvelopeFrom:addr"), sender) >= 0;
}

enum { HOTMAIL_CLAIMED = 1, HOTMAIL_FROM = 2 };

static unsigned hotmail_find(struct eval_run *r, const struct eval_args *args)
{
	struct str hops = received(r);
	bool ip, org;

	if (header_is(r, HEADER_HOTMAIL_PICKUP, hops) || header_msn_groups(r, args) ||
	    header_gated(r, args))
		return 0;
	ip = header_is(r, HEADER_IP, eval_header(r, "X-Originating-Ip"));
	org = str_find(eval_header(r, "X-OriginatorOrg"), STR("hotmail.com")) >= 0;
	if ((ip && header_is(r, HEADER_HOTMAIL_WITH_IP, hops)) ||
	    (org && header_is(r, HEADER_HOTMAIL_WITH_ORG, hops)))
		return 0;
	if (header_is(r, HEADER_HOTMAIL_CLAIM, hops))
		return HOTMAIL_CLAIMED;
	return header_is(r, HEADER_HOTMAIL_FROM, from(r)) ? HOTMAIL_FROM : 0;
}

static unsigned hotmail(struct eval_run *r, const struct eval_args *args)
{
	struct header_mail *mail = r->mail;

	if (!mail->have_hotmail) {
		mail->have_hotmail = true;
		mail->hotmail = hotmail_find(r, args);
	}
	return mail->hotmail;
}

/* check_for_forged_hotmail_received_headers() */
unsigned header_forged_hotmail(struct eval_run *r, const struct eval_args *args)
{
	return hotmail(r, args) == HOTMAIL_CLAIMED;
}

/* check_for_no_hotmail_received_headers() */
unsigned header_no_hotmail(struct eval_run *r, const struct eval_args *args)
{
	return hotmail(r, args) == HOTMAIL_FROM;
}

/*
 * check_for_forged_juno_received_headers(). SpamAssassin means to ask two kinds of mail different
 * questions and has the kinds the wrong way round: one without X-Originating-IP never passes.
 */
unsigned header_forged_juno(struct eval_run *r, const struct eval_args *args)
{
	if (!header_is(r, HEADER_JUNO_FROM, from(r)) || header_gated(r, args))
		return 0;
	return !eval_has_header(r, "X-Originating-IP") ||
	       !header_is(r, HEADER_JUNO_HOP, received(r)) ||
	       str_find(eval_header(r, "X-Mailer"), STR("Juno ")) < 0;
}

static struct str yahoo_hops(struct eval_run *r)
{
	struct str x = STR_NONE;

	if (eval_has_header(r, "Resent-From") && eval_has_header(r, "Resent-To"))
		x = eval_header(r, "X-Received");
	return x.n ? x : received(r);
}

/* check_for_forged_yahoo_received_headers() */
unsigned header_forged_yahoo(struct eval_run *r, const struct eval_args *args)
{
	if (!header_is(r, HEADER_YAHOO_FROM, from(r)) || header_gated(r, args))
		return 0;
	if (header_is(r, HEADER_YAHOO_RELAY, spam_relays(r->m, SPAM_RELAYS_TRUSTED)->text) ||
	    header_is(r, HEADER_YAHOO_FIRST, spam_relays(r->m, SPAM_RELAYS_UNTRUSTED)->text) ||
	    header_is(r, HEADER_YAHOO_HOP, yahoo_hops(r)))
		return 0;
	return !header_is(r, HEADER_YAHOO_BULK, yahoo_hops(r)) ||
	       !str_iends(from(r), STR("@reply.yahoo.com"));
}

/* check_messageid_not_usable(): a list or a server that gives mails new ones. */
unsigned header_unusable_id(struct eval_run *r, const struct eval_args *args)
{
	return header_is(r, HEADER_LEAVE_LIST, eval_header(r, "List-Unsubscribe")) ||
	       header_gated(r, args) || header_is(r, HEADER_SENDMAIL_DCE, received(r));
}

/* check_for_forged_gw05_received_headers(): the oldest of several, to a host without domain. */
unsigned header_forged_gw05(struct eval_run *r, const struct eval_args *args)
{
	(void)args;
	return header_is(r, HEADER_GW05, received(r));
}
