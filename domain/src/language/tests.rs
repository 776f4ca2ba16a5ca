//! Codes, preferences, and what decides where a text does not tell. The table of messages is in `tests/it/language.rs`.

use super::*;
