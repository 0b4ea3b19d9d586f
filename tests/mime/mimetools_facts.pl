#!/usr/bin/perl
# Prints the leaves of mails as MIME-tools finds them, one JSON object per file, in the form of
# mime_facts. Files are named on standard input, one a line. Exit status 77: MIME-tools is missing.
use strict;
use warnings;
use Digest::SHA qw(sha256_hex);
use JSON::PP;

eval { require MIME::Parser; require MIME::WordDecoder; 1 } or exit 77;

my $json = JSON::PP->new->ascii->canonical;

# Nested messages are parts; what MIME-tools calls a part without a body is none.
sub leaves {
    my ($entity, $out) = @_;
    if ($entity->parts) {
        leaves($_, $out) for $entity->parts;
        return;
    }
    my $body = $entity->bodyhandle ? $entity->bodyhandle->as_string : '';
    (my $loose = $body) =~ tr/ \t\r\n\x0b\x0c//d;
    my $name = $entity->head->recommended_filename;
    push @$out, {
        type => lc($entity->effective_type || ''),
        name => defined $name ? "$name" : '',
        size => length($body),
        sha256 => sha256_hex($body),
        loose => sha256_hex($loose),
    };
}

while (my $path = <STDIN>) {
    chomp $path;
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    $parser->extract_nested_messages(1);
    $parser->extract_uuencode(0);
    $parser->ignore_errors(1);
    my @found;
    my $error = '';
    {
        local $SIG{__WARN__} = sub { };
        local $SIG{ALRM} = sub { die "too slow\n" };
        alarm 20;
        eval {
            my $entity = $parser->parse_open($path);
            leaves($entity, \@found);
            1;
        } or $error = "$@";
        alarm 0;
    }
    print $json->encode({ file => $path, leaves => \@found, error => $error }), "\n";
}
