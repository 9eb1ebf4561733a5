# GATEWAY [PROTOCOL,SOURCE,DESTINATION]...: sends frames out of eth0 to the MAC of the gateway, whatever the kernel would say of their addresses.
# PROTOCOL: tcp (a SYN to port 9), udp (to port 9), icmp (an echo request), or the number of another.
use strict; use Socket qw(:all);
my $gateway = shift;
sub mac { pack 'H12', shift =~ tr/://dr }
sub slurp { open my $file, '<', shift or die $!; local $/; <$file> }
# Not from /sys, which is of the network namespace that it was mounted in.
sub ask { my $request = pack 'a40', 'eth0'; socket my $any, AF_INET, SOCK_DGRAM, 0; ioctl $any, shift, $request or die "ioctl: $!"; substr $request, 16 }
my $index = unpack 'i', ask(0x8933); # SIOCGIFINDEX
my $own = substr ask(0x8927), 2, 6; # SIOCGIFHWADDR
my $theirs;
for (1 .. 100) { # a datagram has the kernel ask for it
  ($theirs) = slurp('/proc/net/arp') =~ /^\Q$gateway\E\s+\S+\s+0x2\s+([0-9a-f:]{17})/m and last;
  socket my $ask, AF_INET, SOCK_DGRAM, 0; send $ask, '', 0, pack_sockaddr_in(9, inet_aton($gateway)); select undef, undef, undef, 0.02;
}
$theirs or die "the MAC of $gateway is not known";
sub sum { my $data = shift; $data .= "\0" if length($data) % 2; my $sum = 0; $sum += $_ for unpack 'n*', $data; $sum = ($sum & 0xffff) + ($sum >> 16) while $sum >> 16; ~$sum & 0xffff }
for (@ARGV) {
my ($protocol, $from, $to) = split /,/;
my $v6 = $from =~ /:/;
my ($source, $target) = map { inet_pton($v6 ? AF_INET6 : AF_INET, $_) // die "no address: $_" } $from, $to;
my %number = (tcp => 6, udp => 17, icmp => $v6 ? 58 : 1);
my $number = $number{$protocol} // $protocol;
my $checked = sub { my ($data, $at) = @_; my $pseudo = $v6 ? $source.$target.pack('NN', length $data, $number) : $source.$target.pack('CCn', 0, $number, length $data); substr($data, $at, 2) = pack 'n', sum($pseudo.$data); $data };
my $body = $protocol eq 'tcp' ? $checked->(pack('nnNNnnnn', 40001, 9, 12345, 0, 0x5002, 65535, 0, 0), 16)
  : $protocol eq 'udp' ? $checked->(pack('nnnn', 40000, 9, 12, 0).'abcd', 6)
  : $protocol eq 'icmp' && $v6 ? $checked->(pack('CCnnn', 128, 0, 0, 1, 1), 2)
  : $protocol eq 'icmp' ? do { my $echo = pack 'CCnnn', 8, 0, 0, 1, 1; substr($echo, 2, 2) = pack 'n', sum($echo); $echo }
  : 'abcdefgh';
my $header = $v6 ? pack('NnCC', 0x60000000, length $body, $number, 64).$source.$target
  : pack('CCnnnCCna4a4', 0x45, 0, 20 + length $body, 1, 0, 64, $number, 0, $source, $target);
substr($header, 10, 2) = pack 'n', sum($header) unless $v6;
my $type = $v6 ? 0x86dd : 0x0800;
socket my $socket, 17, 3, $type or die "socket: $!"; # AF_PACKET, SOCK_RAW
send $socket, mac($theirs).$own.pack('n', $type).$header.$body, 0, pack('SnlSCCa8', 17, $type, $index, 0, 0, 6, mac($theirs)) or die "send: $!";
}
