//! Which mapped files are libraries that a restart loads anew.

use crate::facts::maps::Mapped;
use crate::os::Text;
use crate::os::text::contains;

/// An interpreter's library or a native extension: what a package upgrade or `bundle clean` replaces under a running server.
pub fn is_extension(mapped: &Mapped) -> bool {
    if mapped.is_memory() || !mapped.executable {
        return false;
    }
    let text = Text::from(mapped.path.as_path());
    let path = text.bytes();
    let has = |part: &[u8]| contains(path, part);
    let is_library = has(b".so") || has(b".bundle");
    is_library
        && [
            &b"/libruby"[..],
            b"/libpython",
            b"/gems/",
            b"/extensions/",
            b"/vendor_ruby/",
            b"/site_ruby/",
            b"/lib/ruby/",
            b"/x86_64-linux-gnu/ruby/",
            b"/aarch64-linux-gnu/ruby/",
            b"/site-packages/",
            b"/dist-packages/",
            b"/releases/",
            b"/shared/",
            b"/vendor/bundle/",
        ]
        .iter()
        .any(|part| has(part))
}
