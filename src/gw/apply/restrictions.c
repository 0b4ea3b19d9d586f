#include "gw/apply/restrictions.h"

#include "base/lint.h"

static const struct restriction table[] = {
	{ "check_ccert_access", ARGUMENT_TABLE },
	{ "check_client_a_access", ARGUMENT_TABLE },
	{ "check_client_access", ARGUMENT_TABLE },
	{ "check_client_mx_access", ARGUMENT_TABLE },
	{ "check_client_ns_access", ARGUMENT_TABLE },
	{ "check_etrn_access", ARGUMENT_TABLE },
	{ "check_helo_a_access", ARGUMENT_TABLE },
	{ "check_helo_access", ARGUMENT_TABLE },
	{ "check_helo_mx_access", ARGUMENT_TABLE },
	{ "check_helo_ns_access", ARGUMENT_TABLE },
	{ "check_policy_service", ARGUMENT_OTHER },
	{ "check_recipient_a_access", ARGUMENT_TABLE },
	{ "check_recipient_access", ARGUMENT_TABLE },
	{ "check_recipient_mx_access", ARGUMENT_TABLE },
	{ "check_recipient_ns_access", ARGUMENT_TABLE },
	{ "check_relay_domains", ARGUMENT_NONE },
	{ "check_reverse_client_hostname_a_access", ARGUMENT_TABLE },
	{ "check_reverse_client_hostname_access", ARGUMENT_TABLE },
	{ "check_reverse_client_hostname_mx_access", ARGUMENT_TABLE },
	{ "check_reverse_client_hostname_ns_access", ARGUMENT_TABLE },
	{ "check_sasl_access", ARGUMENT_TABLE },
	{ "check_sender_a_access", ARGUMENT_TABLE },
	{ "check_sender_access", ARGUMENT_TABLE },
	{ "check_sender_mx_access", ARGUMENT_TABLE },
	{ "check_sender_ns_access", ARGUMENT_TABLE },
	{ "defer", ARGUMENT_NONE },
	{ "defer_if_permit", ARGUMENT_NONE },
	{ "defer_if_reject", ARGUMENT_NONE },
	{ "defer_unauth_destination", ARGUMENT_NONE },
	{ "permit", ARGUMENT_NONE },
	{ "permit_auth_destination", ARGUMENT_NONE },
	{ "permit_dnswl_client", ARGUMENT_OTHER },
	{ "permit_inet_interfaces", ARGUMENT_NONE },
	{ "permit_mx_backup", ARGUMENT_NONE },
	{ "permit_mynetworks", ARGUMENT_NONE },
	{ "permit_naked_ip_address", ARGUMENT_NONE },
	{ "permit_rhswl_client", ARGUMENT_OTHER },
	{ "permit_sasl_authenticated", ARGUMENT_NONE },
	{ "permit_tls_all_clientcerts", ARGUMENT_NONE },
	{ "permit_tls_clientcerts", ARGUMENT_NONE },
	{ "reject", ARGUMENT_NONE },
	{ "reject_authenticated_sender_login_mismatch", ARGUMENT_NONE },
	{ "reject_invalid_helo_hostname", ARGUMENT_NONE },
	{ "reject_invalid_hostname", ARGUMENT_NONE },
	{ "reject_known_sender_login_mismatch", ARGUMENT_NONE },
	{ "reject_maps_rbl", ARGUMENT_NONE },
	{ "reject_multi_recipient_bounce", ARGUMENT_NONE },
	{ "reject_non_fqdn_helo_hostname", ARGUMENT_NONE },
	{ "reject_non_fqdn_hostname", ARGUMENT_NONE },
	{ "reject_non_fqdn_recipient", ARGUMENT_NONE },
	{ "reject_non_fqdn_sender", ARGUMENT_NONE },
	{ "reject_plaintext_session", ARGUMENT_NONE },
	{ "reject_rbl_client", ARGUMENT_OTHER },
	{ "reject_rhsbl_client", ARGUMENT_OTHER },
	{ "reject_rhsbl_helo", ARGUMENT_OTHER },
	{ "reject_rhsbl_recipient", ARGUMENT_OTHER },
	{ "reject_rhsbl_reverse_client", ARGUMENT_OTHER },
	{ "reject_rhsbl_sender", ARGUMENT_OTHER },
	{ "reject_sender_login_mismatch", ARGUMENT_NONE },
	{ "reject_unauth_destination", ARGUMENT_NONE },
	{ "reject_unauth_pipelining", ARGUMENT_NONE },
	{ "reject_unauthenticated_sender_login_mismatch", ARGUMENT_NONE },
	{ "reject_unknown_client", ARGUMENT_NONE },
	{ "reject_unknown_client_hostname", ARGUMENT_NONE },
	{ "reject_unknown_helo_hostname", ARGUMENT_NONE },
	{ "reject_unknown_hostname", ARGUMENT_NONE },
	{ "reject_unknown_recipient_domain", ARGUMENT_NONE },
	{ "reject_unknown_reverse_client_hostname", ARGUMENT_NONE },
	{ "reject_unknown_sender_domain", ARGUMENT_NONE },
	{ "reject_unlisted_recipient", ARGUMENT_NONE },
	{ "reject_unlisted_sender", ARGUMENT_NONE },
	{ "reject_unverified_recipient", ARGUMENT_NONE },
	{ "reject_unverified_sender", ARGUMENT_NONE },
	{ "sleep", ARGUMENT_OTHER },
	{ "warn_if_reject", ARGUMENT_NONE },
};

static const char *const lists[] = {
	"smtpd_client_restrictions", "smtpd_data_restrictions",	 "smtpd_end_of_data_restrictions",
	"smtpd_etrn_restrictions",   "smtpd_helo_restrictions",	 "smtpd_recipient_restrictions",
	"smtpd_relay_restrictions",  "smtpd_sender_restrictions",
};

const struct restriction *restriction_find(struct str name)
{
	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (str_ieq(name, str_of(table[i].name)))
			return &table[i];
	return NULL;
}

bool restriction_is_list(struct str parameter)
{
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (str_eq(parameter, str_of(lists[i])))
			return true;
	return false;
}
