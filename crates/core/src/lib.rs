//! Core.
pub mod clock;
pub mod transport;
pub use jiff::Timestamp;
