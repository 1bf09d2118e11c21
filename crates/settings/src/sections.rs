//! The sections of the settings: for each its fields, their defaults, and their rows of the table.

pub mod camera;
pub mod detection;
pub mod device;
pub mod notifications;
pub mod privacy;

/// Rows of a section: each becomes a static of its name and an entry of `SETTINGS`. `at` is its place in `Settings`.
macro_rules! settings {
    ($section:literal: $($(#[$doc:meta])* $name:ident at $($field:ident).+ { $($column:tt)+ })+) => {
        $(
            $(#[$doc])*
            pub static $name: crate::table::Setting = crate::table::Setting {
                section: $section,
                field: |settings| &settings.$($field).+,
                field_mut: |settings| &mut settings.$($field).+,
                $($column)+
            };
        )+
        /// The rows of this section, in the order of the file.
        pub(crate) static SETTINGS: &[&crate::table::Setting] = &[$(&$name),+];
    };
}
use settings;
