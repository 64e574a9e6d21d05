/** The part of the OCI runtime specification that limits system calls. */
export interface SeccompProfile {
  defaultAction: "SCMP_ACT_ERRNO";
  defaultErrnoRet: number;
  architectures: string[];
  syscalls: SeccompRule[];
}

interface SeccompRule {
  names: string[];
  action: "SCMP_ACT_ALLOW" | "SCMP_ACT_ERRNO";
  errnoRet?: number;
  args?: {
    index: number;
    value: number;
    valueTwo?: number;
    op: "SCMP_CMP_EQ" | "SCMP_CMP_MASKED_EQ";
  }[];
}

const EPERM = 1;
const ENOSYS = 38;
const EOPNOTSUPP = 95;
// Local, IPv4, IPv6 and the kernel's answers about interfaces. The other families reach the hypervisor (vsock) or load
// modules that hardly anybody has looked at.
const socketFamilies = { AF_UNIX: 1, AF_INET: 2, AF_INET6: 10, AF_NETLINK: 16 };
// Every namespace flag of clone(2): new namespaces, above all user namespaces, open most of the kernel's attack surface.
const namespaceFlags = 0x7e020000;
// fallocate(2) that gives space back or moves it (PUNCH_HOLE, COLLAPSE_RANGE, INSERT_RANGE). All others take space: a
// hundred gigabytes in an eighth of a second, before anybody can look. C libraries then write a byte to each block instead.
const fallocateThatTakesNothing = 0x02 | 0x08 | 0x20;
// The type of ioctl(2) of what was XFS's once: it knows three more ways to take space at once, and ways to freeze and trim
// file systems.
const ioctlTypeMask = 0xff00;
const fileSystemIoctls = 0x5800;

/**
 * The system calls that containers may make: those of ordinary programs. Left out: what manages the machine (mounts,
 * modules, clocks, swap, reboot, kexec), what reaches across processes without ptrace's checks (keyrings,
 * process_madvise, userfaultfd), and interfaces with a record of kernel bugs (bpf, perf_event_open, io_uring).
 */
export function defaultSeccompProfile(architecture: NodeJS.Architecture): SeccompProfile {
  return {
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: EPERM,
    // 64-bit programs only: each further architecture doubles the filter that is compiled at every start.
    architectures: [architecture === "arm64" ? "SCMP_ARCH_AARCH64" : "SCMP_ARCH_X86_64"],
    syscalls: [
      { names: allowed, action: "SCMP_ACT_ALLOW" },
      { names: architecture === "x64" ? ["arch_prctl", "modify_ldt"] : [], action: "SCMP_ACT_ALLOW" },
      // Linux, BSD, System V and "what am I": the personalities that programs ask for.
      ...[0, 8, 0x20000, 0x20008, 0xffffffff].map((value): SeccompRule => ({
        names: ["personality"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
      })),
      {
        names: ["clone"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value: namespaceFlags, valueTwo: 0, op: "SCMP_CMP_MASKED_EQ" }],
      },
      // Its flags are behind a pointer, which a filter cannot follow; with ENOSYS, C libraries fall back to clone.
      { names: ["clone3"], action: "SCMP_ACT_ERRNO", errnoRet: ENOSYS },
      ...Object.values(socketFamilies).map((value): SeccompRule => ({
        names: ["socket"],
        action: "SCMP_ACT_ALLOW",
        args: [{ index: 0, value, op: "SCMP_CMP_EQ" }],
      })),
      ...allowedUnless("fallocate", { index: 1, mask: fallocateThatTakesNothing, value: 0 }),
      ...allowedUnless("ioctl", { index: 1, mask: ioctlTypeMask, value: fileSystemIoctls }),
    ].filter((rule): rule is SeccompRule => rule.names.length > 0),
  };
}

/**
 * All calls but those whose argument is `value` in the bits of `mask`. A filter cannot say "unless": it allows whatever
 * differs in one of the bits. By masks alone, because the kernel cuts the upper half of such arguments off.
 */
function allowedUnless(
  name: string,
  { index, mask, value }: { index: number; mask: number; value: number },
): SeccompRule[] {
  const bits = Array.from({ length: 32 }, (_, bit) => (1 << bit) >>> 0).filter((bit) => (mask & bit) !== 0);
  const op = "SCMP_CMP_MASKED_EQ";
  return [
    ...bits.map((bit): SeccompRule => ({
      names: [name],
      action: "SCMP_ACT_ALLOW",
      args: [{ index, value: bit, valueTwo: ~value & bit, op }],
    })),
    {
      names: [name],
      action: "SCMP_ACT_ERRNO",
      errnoRet: EOPNOTSUPP,
      args: [{ index, value: mask, valueTwo: value, op }],
    },
  ];
}

const files = `
  access chdir chmod chown close close_range copy_file_range creat dup dup2 dup3 faccessat faccessat2 fadvise64
  fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown fchownat fcntl fdatasync fgetxattr flistxattr flock
  fremovexattr fsetxattr fstat fstatfs fsync ftruncate futimesat getcwd getdents getdents64 getxattr getxattrat
  inotify_add_watch inotify_init inotify_init1 inotify_rm_watch lchown lgetxattr link linkat listxattr
  listxattrat llistxattr lremovexattr lseek lsetxattr lstat mkdir mkdirat mknod mknodat name_to_handle_at newfstatat
  open openat openat2 pread64 preadv preadv2 pwrite64 pwritev pwritev2 read readahead readlink readlinkat readv
  removexattr removexattrat rename renameat renameat2 rmdir sendfile setxattr setxattrat splice stat statfs statx
  symlink symlinkat sync sync_file_range syncfs tee truncate umask unlink unlinkat utime utimensat utimes vmsplice
  write writev cachestat io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit ioprio_get ioprio_set`;
const memory = `
  brk get_mempolicy madvise map_shadow_stack mbind membarrier memfd_create memfd_secret mincore mlock mlock2 mlockall
  mmap mprotect mremap mseal msync munlock munlockall munmap pkey_alloc pkey_free pkey_mprotect remap_file_pages
  set_mempolicy set_mempolicy_home_node shmat shmctl shmdt shmget`;
const processes = `
  alarm capget capset execve execveat exit exit_group fork getegid geteuid getgid getgroups getitimer getpgid getpgrp
  getpid getppid getpriority getresgid getresuid getrlimit getrusage getsid gettid getuid kcmp kill landlock_add_rule
  landlock_create_ruleset landlock_restrict_self pause pidfd_getfd pidfd_open pidfd_send_signal prctl prlimit64
  process_mrelease process_vm_readv process_vm_writev ptrace restart_syscall rseq rt_sigaction rt_sigpending
  rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend rt_sigtimedwait rt_tgsigqueueinfo sched_get_priority_max
  sched_get_priority_min sched_getaffinity sched_getattr sched_getparam sched_getscheduler sched_rr_get_interval
  sched_setaffinity sched_setattr sched_setparam sched_setscheduler sched_yield seccomp set_robust_list
  get_robust_list set_tid_address setfsgid setfsuid setgid setgroups setitimer setpgid setpriority setregid
  setresgid setresuid setreuid setrlimit setsid setuid sigaltstack signalfd signalfd4 tgkill times tkill uname vfork
  vhangup wait4 waitid chroot getcpu getrandom sysinfo syslog rt_tgsigqueueinfo`;
const waiting = `
  clock_getres clock_gettime clock_nanosleep epoll_create epoll_create1 epoll_ctl epoll_pwait epoll_pwait2 epoll_wait
  eventfd eventfd2 futex futex_requeue futex_wait futex_waitv futex_wake gettimeofday nanosleep pipe pipe2 poll ppoll
  pselect6 select time timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create
  timerfd_gettime timerfd_settime`;
const messages = `
  accept accept4 bind connect getpeername getsockname getsockopt listen mq_getsetattr mq_notify mq_open
  mq_timedreceive mq_timedsend mq_unlink msgctl msgget msgrcv msgsnd recvfrom recvmmsg recvmsg semctl semget semop
  semtimedop sendmmsg sendmsg sendto setsockopt shutdown socketpair`;

const allowed = [files, memory, processes, waiting, messages]
  .flatMap((group) => group.trim().split(/\s+/))
  .filter((name, index, names) => names.indexOf(name) === index);
