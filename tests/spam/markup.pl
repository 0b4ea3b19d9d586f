#!/usr/bin/perl
# What SpamAssassin writes into mails and takes out of them again, through its public interface:
#
#   markup.pl SITE CONFIGURATION < list of files
#
# prints one JSON line for each: file, marked, removed (of the marked one), both in base64.
use strict;
use warnings;

BEGIN { $ENV{LC_ALL} = 'C'; delete @ENV{qw(LANG LANGUAGE)}; }
use File::Temp qw(tempdir);
use JSON::PP;
use Mail::SpamAssassin;
use MIME::Base64;

my ($site, $conf) = @ARGV;
my $state = tempdir(CLEANUP => 1);
my $sa = Mail::SpamAssassin->new({
  rules_filename => '/usr/share/spamassassin', site_rules_filename => $site,
  local_tests_only => 1, dont_copy_prefs => 1, userprefs_filename => '/dev/null',
  home_dir_for_helpers => $state, userstate_dir => $state,
  post_config_text => "use_bayes 0\ndns_available no\nreport_hostname host.example\n$conf\n",
});
$sa->init(1);
my $json = JSON::PP->new->canonical->latin1;
while (my $file = <STDIN>) {
  chomp $file;
  open my $in, '<', $file or die "$file: $!\n";
  my $raw = do { local $/; <$in> };
  my $mail = $sa->parse($raw);
  my $status = $sa->check($mail);
  my $marked = $status->rewrite_mail();
  print $json->encode({ file => $file, marked => encode_base64($marked, ''),
    removed => encode_base64($sa->remove_spamassassin_markup($sa->parse($marked)), '') }), "\n";
  $status->finish;
  $mail->finish;
}
