//! Keeps the memory of a process that stays small.

/// Makes the allocator return every block of 128 KiB or more to the system as soon as it is freed.
///
/// glibc raises that limit by itself to the largest block ever freed, and then keeps the memory of pictures for ever
/// (measured: 13 MB after three cards of 1920x1080, 1 MB with a fixed limit). Call it once, early in `main`. Elsewhere
/// than on glibc it does nothing.
pub fn return_freed_memory() {
    #[cfg(target_env = "gnu")]
    {
        use std::ffi::c_int;

        unsafe extern "C" {
            fn mallopt(parameter: c_int, value: c_int) -> c_int;
        }
        /// `M_MMAP_THRESHOLD` of glibc's `malloc.h`.
        const MMAP_THRESHOLD: c_int = -3;
        // SAFETY: mallopt takes two numbers, is thread-safe, and an unknown parameter is refused without effect.
        unsafe {
            mallopt(MMAP_THRESHOLD, 128 << 10);
        }
    }
}

/// Has the kernel make no huge pages for this process and those that it starts.
///
/// Where they are made for all programs, as Debian's kernels do, the stack of a thread that happens to begin on a boundary of 2 MB
/// becomes one of them once it is touched: a relay of 11.7 MB then had 13.8 MB (seen once in a CI's run). On a kernel without huge
/// pages it does nothing.
pub fn do_without_huge_pages() {
    // SAFETY: this operation of prctl takes numbers only and touches no memory of ours; one that is not known is refused without
    // effect.
    unsafe {
        libc::prctl(libc::PR_SET_THP_DISABLE, 1_u64, 0_u64, 0_u64, 0_u64);
    }
}
