#!/usr/bin/perl
# What SpamAssassin says of mails while it learns from each of them:
#
#   learning.pl SITE STATE CONFIGURATION < list of files
#
# prints one JSON line for each: file, and the value of the header field X-Spam-Learning.
use strict;
use warnings;

BEGIN { $ENV{LC_ALL} = 'C'; delete @ENV{qw(LANG LANGUAGE)}; }
use JSON::PP;
use Mail::SpamAssassin;

my ($site, $state, $conf) = @ARGV;
my $sa = Mail::SpamAssassin->new({
  rules_filename => '/usr/share/spamassassin', site_rules_filename => $site,
  local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null',
  home_dir_for_helpers => $state, userstate_dir => $state,
  post_config_text => "dns_available no\n$conf\n",
});
$sa->init(1);
my $json = JSON::PP->new->canonical->latin1;
while (my $file = <STDIN>) {
  chomp $file;
  open my $in, '<', $file or die "$file: $!\n";
  my $raw = do { local $/; <$in> };
  my $mail = $sa->parse($raw);
  my $status = $sa->check($mail);
  my ($said) = $status->rewrite_mail() =~ /^X-Spam-Learning: (.*)$/m;
  print $json->encode({ file => $file, said => $said }), "\n";
  $status->finish;
  $mail->finish;
}
