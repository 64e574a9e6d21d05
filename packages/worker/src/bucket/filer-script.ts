import { containerOomScore } from "../container/container-oom-score.ts";

/**
 * Hands the file system's connection, which is open as descriptor 3, to the library in the filer that asks for it: libfuse wants to
 * get it from a helper of this name, over a socket, where it may not mount by itself.
 */
const connectionHelper = `#!/usr/bin/perl
my $control = pack("Q i i i x4", 20, 1, 1, 3);
my $byte = "\\0";
my $piece = pack("P Q", $byte, 1);
my $message = pack("Q L x4 P Q P Q i x4", 0, 0, $piece, 1, $control, length $control, 0);
my $sendmsg = \`uname -m\` =~ /x86_64/ ? 46 : 211;
exit(syscall($sendmsg, $ENV{_FUSE_COMMFD} + 0, $message, 0) < 0);
`;

/**
 * Shell script that becomes the filer: in a control group before anything else, so that a worker's successor finds it; with a root
 * of its own that has the system's programs and libraries, certificates and nothing else; as a user who is nobody, without any
 * capability. It is to be run with namespaces of its own for mounts, processes and names.
 *
 * Arguments: directory for the root, user, file for /etc/resolv.conf, file of certificates or "", where to keep what files are
 * read and written by ("" for memory), bytes of that memory, how many of the next arguments are files of control groups, those,
 * and the filer's command line.
 */
export const filerScript = `
set -eu
echo ${containerOomScore} >/proc/self/oom_score_adj
root=$1 user=$2 resolver=$3 certificates=$4 cache=$5 memory=$6 groups=$7
shift 7
while [ "$groups" -gt 0 ]; do
  echo 0 >"$1"
  shift
  groups=$((groups - 1))
done
mount -t tmpfs -o mode=755,nosuid,nodev,size=4m filer "$root"
cd "$root"
mkdir dev etc mnt old proc run tmp
for path in usr bin sbin lib lib32 lib64 libx32 etc/ssl etc/ca-certificates etc/pki etc/alternatives etc/ld.so.conf.d \\
  etc/ld.so.conf etc/ld.so.cache etc/nsswitch.conf; do
  if [ -L "/$path" ]; then
    cp -P "/$path" "$path"
  elif [ -d "/$path" ]; then
    mkdir "$path"
    mount --bind "/$path" "$path"
    mount -o remount,bind,ro,nosuid,nodev "$path"
  elif [ -f "/$path" ]; then
    cp "/$path" "$path"
  fi
done
cp "$resolver" etc/resolv.conf
if [ -n "$certificates" ]; then cp "$certificates" etc/certificates.crt; fi
printf 'filer:x:%s:%s::/:/bin/false\\n' "$user" "$user" >etc/passwd
printf 'filer:x:%s:\\n' "$user" >etc/group
helper=$(readlink -f /usr/bin/fusermount)
cat >run/fusermount <<'END'
${connectionHelper}END
chmod 755 run/fusermount
mount --bind run/fusermount ".$helper"
for device in null urandom; do
  : >"dev/$device"
  mount --bind "/dev/$device" "dev/$device"
done
if [ -n "$cache" ]; then
  mount --bind "$cache" tmp
else
  mount -t tmpfs -o "mode=700,uid=$user,gid=$user,nosuid,nodev,noexec,size=$memory" cache tmp
fi
chown "$user:$user" mnt
mount -t proc -o nosuid,nodev,noexec proc proc
mount -o remount,ro "$root"
pivot_root . old
cd /
umount -l /old
exec setpriv --reuid "$user" --regid "$user" --clear-groups --no-new-privs --inh-caps=-all --bounding-set=-all "$@"
`;
