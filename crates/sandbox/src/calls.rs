//! System calls, by seccomp: a list of what is denied.

use std::collections::BTreeMap;

use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter,
    SeccompRule,
};

pub use seccompiler::Error;

/// Denied system calls by their numbers, each always (no rule) or where one of its rules matches.
#[derive(Debug, Clone)]
pub struct DeniedCalls(BTreeMap<i64, Vec<SeccompRule>>);

impl DeniedCalls {
    /// What no process of ours needs: tracing, mounts, namespaces, BPF, keys, io_uring, userfaultfd, modules, clocks. Shared
    /// memory of System V is left alone: Intel's library needs it.
    ///
    /// # Errors
    /// A rule that does not hold together.
    pub fn common() -> Result<Self, Error> {
        let mut denied = Self(BTreeMap::new());
        denied.always(ALWAYS_DENIED);
        #[cfg(target_arch = "x86_64")]
        denied.always(&[libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_uselib]);
        for namespace in NAMESPACES {
            denied.with_bits(libc::SYS_clone, 0, *namespace, *namespace)?;
        }
        // Keys typed into the terminal that Lenscap was started in.
        denied.rule(libc::SYS_ioctl, &[(1, SeccompCmpOp::Eq, libc::TIOCSTI as u32)])?;
        Ok(denied)
    }

    /// Also these.
    pub fn always(&mut self, calls: &[i64]) {
        self.0.extend(calls.iter().map(|call| (*call, Vec::new())));
    }

    /// Also sockets but those of this computer and, where wanted, the kernel's device events.
    ///
    /// # Errors
    /// A rule that does not hold together.
    pub fn sockets(&mut self, but_device_events: bool) -> Result<(), Error> {
        let ne = SeccompCmpOp::Ne;
        let [unix, netlink] = [libc::AF_UNIX, libc::AF_NETLINK].map(i32::cast_unsigned);
        if !but_device_events {
            return self.rule(libc::SYS_socket, &[(0, ne, unix)]);
        }
        self.rule(libc::SYS_socket, &[(0, ne.clone(), unix), (0, ne.clone(), netlink)])?;
        let events = libc::NETLINK_KOBJECT_UEVENT.cast_unsigned();
        self.rule(libc::SYS_socket, &[(0, SeccompCmpOp::Eq, netlink), (2, ne, events)])
    }

    /// Also new processes and programs. Threads are not.
    ///
    /// # Errors
    /// A rule that does not hold together.
    pub fn processes(&mut self) -> Result<(), Error> {
        self.always(&[libc::SYS_execve, libc::SYS_execveat]);
        #[cfg(target_arch = "x86_64")]
        self.always(&[libc::SYS_fork, libc::SYS_vfork]);
        self.with_bits(libc::SYS_clone, 0, libc::CLONE_THREAD, 0)
    }

    /// Also files that are opened to write, and everything that is done to files by their names.
    ///
    /// # Errors
    /// A rule that does not hold together.
    pub fn writing_files(&mut self) -> Result<(), Error> {
        for flag in [libc::O_WRONLY, libc::O_RDWR, libc::O_CREAT, libc::O_TRUNC] {
            self.with_bits(libc::SYS_openat, 2, flag, flag)?;
            #[cfg(target_arch = "x86_64")]
            self.with_bits(libc::SYS_open, 1, flag, flag)?;
        }
        self.always(CHANGES_OF_FILES);
        #[cfg(target_arch = "x86_64")]
        self.always(OLD_CHANGES_OF_FILES);
        Ok(())
    }

    /// Denies them, to the calling thread and those that it starts.
    ///
    /// # Errors
    /// When the kernel takes no filter.
    pub fn apply(self) -> Result<(), Error> {
        let arch = std::env::consts::ARCH.try_into()?;
        let apply = |rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32| -> Result<(), Error> {
            let denied = SeccompAction::Errno(errno.cast_unsigned());
            let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)?;
            seccompiler::apply_filter(&BpfProgram::try_from(filter)?)
        };
        // Their flags are in memory, which no filter sees: without them libc takes `clone` and `openat`.
        apply([libc::SYS_clone3, libc::SYS_openat2].map(|call| (call, Vec::new())).into(), libc::ENOSYS)?;
        #[cfg_attr(not(target_arch = "x86_64"), expect(unused_mut, reason = "x32 is x86_64's"))]
        let mut calls = self.0;
        // The same calls by the numbers of x32, where a kernel has that.
        #[cfg(target_arch = "x86_64")]
        {
            const X32: i64 = 0x4000_0000;
            let twins: Vec<_> = calls.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
            calls.extend(twins);
        }
        apply(calls, libc::EPERM)
    }

    /// Where these bits of an argument are so.
    fn with_bits(&mut self, call: i64, argument: u8, mask: i32, value: i32) -> Result<(), Error> {
        let mask = u64::from(mask.cast_unsigned());
        self.rule(call, &[(argument, SeccompCmpOp::MaskedEq(mask), value.cast_unsigned())])
    }

    /// Where all of these hold: the argument's number, and what it is compared with. Nothing where it is always denied.
    fn rule(&mut self, call: i64, conditions: &[(u8, SeccompCmpOp, u32)]) -> Result<(), Error> {
        let conditions: Result<Vec<_>, BackendError> = conditions
            .iter()
            .map(|(argument, operator, value)| {
                SeccompCondition::new(*argument, SeccompCmpArgLen::Dword, operator.clone(), u64::from(*value))
            })
            .collect();
        let rule = SeccompRule::new(conditions?)?;
        match self.0.get_mut(&call) {
            Some(rules) if rules.is_empty() => {}
            Some(rules) => rules.push(rule),
            None => {
                self.0.insert(call, vec![rule]);
            }
        }
        Ok(())
    }
}

const NAMESPACES: &[i32] = &[
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWNS,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWCGROUP,
];

const CHANGES_OF_FILES: &[i64] = &[
    libc::SYS_unlinkat,
    libc::SYS_renameat2,
    libc::SYS_mkdirat,
    libc::SYS_linkat,
    libc::SYS_symlinkat,
    libc::SYS_mknodat,
    libc::SYS_fchmodat,
    libc::SYS_fchmod,
    libc::SYS_fchownat,
    libc::SYS_fchown,
    libc::SYS_truncate,
    libc::SYS_setxattr,
    libc::SYS_lsetxattr,
    libc::SYS_fsetxattr,
    libc::SYS_removexattr,
    libc::SYS_lremovexattr,
    libc::SYS_fremovexattr,
    libc::SYS_utimensat,
];

#[cfg(target_arch = "x86_64")]
const OLD_CHANGES_OF_FILES: &[i64] = &[
    libc::SYS_creat,
    libc::SYS_unlink,
    libc::SYS_rmdir,
    libc::SYS_rename,
    libc::SYS_renameat,
    libc::SYS_mkdir,
    libc::SYS_link,
    libc::SYS_symlink,
    libc::SYS_mknod,
    libc::SYS_chmod,
    libc::SYS_chown,
    libc::SYS_lchown,
    libc::SYS_utime,
    libc::SYS_utimes,
    libc::SYS_futimesat,
];

const ALWAYS_DENIED: &[i64] = &[
    // Into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    libc::SYS_process_madvise,
    // Mounts and namespaces.
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_move_mount,
    libc::SYS_open_tree,
    libc::SYS_fsopen,
    libc::SYS_fsmount,
    libc::SYS_fsconfig,
    libc::SYS_fspick,
    libc::SYS_mount_setattr,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_unshare,
    libc::SYS_setns,
    libc::SYS_open_by_handle_at,
    libc::SYS_name_to_handle_at,
    // Parts of the kernel that nobody here needs.
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    libc::SYS_userfaultfd,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_keyctl,
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_fanotify_init,
    libc::SYS_syslog,
    libc::SYS_quotactl,
    libc::SYS_acct,
    libc::SYS_vhangup,
    libc::SYS_personality,
    // The machine.
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_denied_calls_can_be_made_and_always_is_stronger() {
        let mut denied = DeniedCalls::common().unwrap();
        denied.sockets(true).unwrap();
        denied.processes().unwrap();
        denied.writing_files().unwrap();
        assert_eq!(denied.0[&libc::SYS_clone].len(), NAMESPACES.len() + 1);
        assert_eq!((denied.0[&libc::SYS_socket].len(), denied.0[&libc::SYS_openat].len()), (2, 4));
        denied.always(&[libc::SYS_socket]);
        denied.sockets(false).unwrap();
        assert!(denied.0[&libc::SYS_socket].is_empty());
    }
}
