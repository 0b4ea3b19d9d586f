#include "gw/send/send.h"

#include "base/log.h"

int send_mail(struct arena *a, const struct cfg *cfg, const struct smtp_send *mail,
	      const struct smtp_source *message, int64_t deadline, struct smtp_outcome *out,
	      struct err *e)
{
	struct smtp_send named = *mail;
	CLEAN_FD int fd = -1;
	int failed;

	*out = (struct smtp_outcome){ 0 };
	if (!named.helo.n)
		named.helo = cfg->dns.fqdn;
	if (net_connect_tcp(SEND_ADDRESS, SEND_PORT, deadline, &fd, e) < 0)
		return err_wrap(e, "unable to connect to localhost at port %d", SEND_PORT);
	failed = smtp_send(a, fd, deadline, &named, message, out, e);
	if (out->xforward_error.n)
		log_err("xforward error - got: %.*s", STR_ARG(out->xforward_error));
	return failed;
}
