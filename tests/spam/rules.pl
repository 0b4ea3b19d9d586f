#!/usr/bin/perl
# Prints the rules that SpamAssassin runs without a network, one JSON object each: what compose.py
# needs to write mails for them.
#
#	rules.pl RULES-DIRECTORY SITE-DIRECTORY
use strict;
use warnings;
use JSON::PP;
use Mail::SpamAssassin;

my ($rules, $site) = @ARGV;
my $sa = Mail::SpamAssassin->new({
	local_tests_only => 1,
	dont_copy_prefs => 1,
	rules_filename => $rules,
	site_rules_filename => $site,
	userprefs_filename => '/dev/null',
	post_config_text => "use_bayes 0\ndns_available no\n",
});
$sa->init(1);
my $conf = $sa->{conf};
my %type_of = (
	head_tests => 'header', head_evals => 'header eval',
	body_tests => 'body', body_evals => 'body eval',
	rawbody_tests => 'rawbody', rawbody_evals => 'rawbody eval',
	full_tests => 'full', full_evals => 'full eval',
	uri_tests => 'uri',
);
my %rule;

for my $kind (sort keys %type_of) {
	for my $priority (keys %{$conf->{$kind} || {}}) {
		my $of_kind = $conf->{$kind}{$priority};
		for my $name (keys %$of_kind) {
			$rule{$name}{type} = $type_of{$kind};
			$rule{$name}{call} = $of_kind->{$name} if $kind =~ /evals/;
			$rule{$name}{test} = "$of_kind->{$name}" if $kind eq 'head_tests';
		}
	}
}
for my $name (keys %{$conf->{mimeheader_tests} || {}}) {
	my $test = $conf->{mimeheader_tests}{$name};
	$rule{$name} = { type => 'mimeheader', test => $test->{hdr} };
	$rule{$name}{pattern} = "$test->{pattern}";
}
for my $name (keys %{$conf->{meta_tests}}) {
	my $needs = $conf->{meta_dependencies}{$name} || [];
	$rule{$name} = { type => 'meta', needs => [sort @$needs] };
}
for my $name (keys %{$conf->{test_types}}, keys %{$conf->{rbl_evals} || {}}) {
	$rule{$name}{type} ||= 'none';
}

my $json = JSON::PP->new->canonical->ascii;
for my $name (sort keys %rule) {
	my $r = $rule{$name};
	$r->{name} = $name;
	$r->{score} = 0 + ($conf->{scores}{$name} // 0);
	$r->{pattern} //= "$conf->{test_qrs}{$name}" if $conf->{test_qrs}{$name};
	$r->{tflags} = $conf->{tflags}{$name} // '';
	print $json->encode($r), "\n";
}
