import { expect, test } from "vitest";
import { defaultSeccompProfile } from "./seccomp-profile.ts";

test("what manages the machine is not allowed, what programs live on is", () => {
  const { syscalls, defaultAction } = defaultSeccompProfile("x64");
  const allowed = new Set(
    syscalls.filter((rule) => !rule.args && rule.action === "SCMP_ACT_ALLOW").flatMap((rule) => rule.names),
  );
  expect(defaultAction).toBe("SCMP_ACT_ERRNO");
  const dangerous =
    "mount umount2 pivot_root setns unshare bpf perf_event_open init_module kexec_load reboot swapon keyctl add_key " +
    "request_key io_uring_setup userfaultfd open_by_handle_at clock_settime settimeofday move_mount fsopen clone clone3";
  expect(dangerous.split(" ").filter((name) => allowed.has(name))).toEqual([]);
  const ordinary =
    "read write openat mmap futex epoll_wait execve fork connect getrandom io_submit chroot ptrace";
  expect(ordinary.split(" ").filter((name) => !allowed.has(name))).toEqual([]);
});
