//! What is known of one setting, and the macro that declares them.
//!
//! Invariant: a setting is said once. The table, the struct, its parsing and the documents follow from that line.

/// One setting.
#[derive(Debug, Clone, Copy)]
pub struct Setting {
    /// In the TOML file; `DESK_` and upper case make the environment's name.
    pub key: &'static str,
    /// What the original system called it, if it had it.
    pub original: Option<&'static str>,
    /// Used when nobody says otherwise; absent means unset.
    pub default: Option<&'static str>,
    /// Never printed.
    pub secret: bool,
    /// What a value has to be, for the error.
    pub expected: &'static str,
    /// For the page.
    pub about: &'static str,
}

impl Setting {
    /// The setting of this name.
    pub(super) fn find(key: &str) -> Option<&'static Self> {
        super::SETTINGS.iter().find(|setting| setting.key == key)
    }

    pub(super) const fn new(
        key: &'static str,
        default: Option<&'static str>,
        expected: &'static str,
        about: &'static str,
    ) -> Self {
        Self { key, original: None, default, secret: false, expected, about: about.trim_ascii_start() }
    }

    pub(super) const fn original(self, name: &'static str) -> Self {
        Self { original: Some(name), ..self }
    }

    pub(super) const fn secret(self) -> Self {
        Self { secret: true, ..self }
    }

    pub(super) const fn expects(self, expected: &'static str) -> Self {
        Self { expected, ..self }
    }
}

/// Declares settings: `/// text`, `key: Type = "default", option("value");`. Options are the methods of [`Setting`].
macro_rules! declare {
    (@default) => { None };
    (@default $default:literal) => { Some($default) };
    ($(
        $(#[doc = $about:literal])+
        $key:ident: $type:ty $(= $default:literal)? $(, $option:ident $(($value:literal))?)*;
    )+) => {
        /// All of them, in the page's order.
        pub const SETTINGS: &[Setting] = &[$(
            Setting::new(
                stringify!($key),
                declare!(@default $($default)?),
                <$type as Value>::EXPECTED,
                concat!($($about),+),
            )$(.$option($($value)?))*
        ),+];

        /// The value of each setting, parsed by itself.
        #[derive(Clone)]
        pub struct Declared {$(
            $(#[doc = $about])+
            pub $key: $type,
        )+}

        impl Declared {
            /// Parses each value. One that does not parse is one more fault, and its default stands in for it, so that what
            /// several settings say together can be looked at as well.
            pub(super) fn parse(layers: &Layers, faults: &mut Vec<SettingsFault>) -> Self {
                Self {$($key: layers.value(stringify!($key), faults),)+}
            }
        }
    };
}
pub(super) use declare;
