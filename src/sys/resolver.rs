//! Host names in a static binary that was linked with glibc.

/// Keeps a static glibc from loading the host's name service modules.
///
/// If `/etc/nsswitch.conf` names modules other than `files` and `dns` (resolve, mymachines, mdns4:
/// Fedora, Arch, desktops), a static binary would `dlopen` the host's own libc, of another version,
/// and may crash. The two built-in modules are sufficient here.
#[cfg(all(target_env = "gnu", target_feature = "crt-static"))]
#[allow(unsafe_code, reason = "glibc offers this as a C function only")]
pub fn use_builtin_resolver() {
    unsafe extern "C" {
        fn __nss_configure_lookup(
            database: *const std::ffi::c_char,
            services: *const std::ffi::c_char,
        ) -> std::ffi::c_int;
    }
    // SAFETY: both arguments are NUL-terminated strings that live for ever, glibc copies what it
    // keeps, and main calls this before any other thread or lookup can exist.
    unsafe {
        __nss_configure_lookup(c"hosts".as_ptr(), c"files dns".as_ptr());
    }
}

/// Other builds need no such protection.
#[cfg(not(all(target_env = "gnu", target_feature = "crt-static")))]
pub fn use_builtin_resolver() {}
