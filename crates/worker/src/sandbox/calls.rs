//! The system calls that a camera needs none of.

use std::collections::BTreeMap;

use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// Denies them from now on; `may_connect`: but for `connect`.
///
/// # Errors
/// When the kernel takes no filter.
pub(super) fn restrict(may_connect: bool) -> Result<(), seccompiler::Error> {
    let arch = std::env::consts::ARCH.try_into()?;
    let apply = |rules: BTreeMap<i64, Vec<SeccompRule>>, errno: i32| -> Result<(), seccompiler::Error> {
        let denied = SeccompAction::Errno(errno.cast_unsigned());
        let filter = SeccompFilter::new(rules, SeccompAction::Allow, denied, arch)?;
        seccompiler::apply_filter(&BpfProgram::try_from(filter)?)
    };
    // Its flags are in memory, which no filter sees: without it libc takes `clone`.
    apply([(libc::SYS_clone3, Vec::new())].into(), libc::ENOSYS)?;
    apply(denied_calls(may_connect)?, libc::EPERM)
}

/// The system calls that fail, each always or where one of its rules matches.
fn denied_calls(may_connect: bool) -> Result<BTreeMap<i64, Vec<SeccompRule>>, seccompiler::BackendError> {
    let mut calls: BTreeMap<i64, Vec<SeccompRule>> = ALWAYS_DENIED.iter().map(|call| (*call, Vec::new())).collect();
    #[cfg(target_arch = "x86_64")]
    calls.extend([libc::SYS_iopl, libc::SYS_ioperm, libc::SYS_uselib].map(|call| (call, Vec::new())));
    if !may_connect {
        calls.insert(libc::SYS_connect, Vec::new());
    }
    let is = |argument, operator, value: i64| {
        SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value.cast_unsigned())
    };
    let (unix, netlink) = (i64::from(libc::AF_UNIX), i64::from(libc::AF_NETLINK));
    let events = i64::from(libc::NETLINK_KOBJECT_UEVENT);
    let sockets = vec![
        SeccompRule::new(vec![is(0, SeccompCmpOp::Ne, unix)?, is(0, SeccompCmpOp::Ne, netlink)?])?,
        SeccompRule::new(vec![is(0, SeccompCmpOp::Eq, netlink)?, is(2, SeccompCmpOp::Ne, events)?])?,
    ];
    calls.insert(libc::SYS_socket, sockets);
    let namespaces = [
        libc::CLONE_NEWUSER,
        libc::CLONE_NEWNS,
        libc::CLONE_NEWPID,
        libc::CLONE_NEWNET,
        libc::CLONE_NEWIPC,
        libc::CLONE_NEWUTS,
        libc::CLONE_NEWCGROUP,
    ];
    let clone = namespaces.map(|flag| {
        let flag = i64::from(flag);
        SeccompRule::new(vec![is(0, SeccompCmpOp::MaskedEq(flag.cast_unsigned()), flag)?])
    });
    calls.insert(libc::SYS_clone, clone.into_iter().collect::<Result<_, _>>()?);
    // Keys typed into the terminal that Lenscap was started in.
    let ioctl = SeccompRule::new(vec![is(1, SeccompCmpOp::Eq, i64::from(libc::TIOCSTI as u32))?])?;
    calls.insert(libc::SYS_ioctl, vec![ioctl]);
    // The same calls by the numbers of x32, where a kernel has that.
    #[cfg(target_arch = "x86_64")]
    {
        const X32: i64 = 0x4000_0000;
        let twins: Vec<_> = calls.iter().map(|(call, rules)| (call | X32, rules.clone())).collect();
        calls.extend(twins);
    }
    Ok(calls)
}

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
    fn the_list_of_denied_calls_can_be_made() {
        assert!(denied_calls(false).unwrap().contains_key(&libc::SYS_connect));
        assert!(!denied_calls(true).unwrap().contains_key(&libc::SYS_connect));
    }
}
