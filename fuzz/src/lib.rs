//! What the fuzz targets share: each gives the fuzzer's bytes to one opening of `tests/src/fuzz_targets.rs`, whose examples it
//! begins with.

pub use libfuzzer_sys::fuzz_target;

/// The corpus of each target is beside its code.
#[must_use]
pub fn corpus() -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("corpus")
}

/// The whole of a target.
#[macro_export]
macro_rules! opening {
    ($name:literal) => {
        static OPENING: std::sync::LazyLock<tests::fuzz_targets::Opening> =
            std::sync::LazyLock::new(|| tests::fuzz_targets::named($name));

        $crate::fuzz_target!(
            init: OPENING.write_examples(&$crate::corpus()),
            |bytes: &[u8]| {
                let _ = (OPENING.read)(bytes);
            }
        );
    };
}
