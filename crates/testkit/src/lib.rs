#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod bodies;
pub mod conformance;
pub mod faults;
pub mod fixture;
pub mod interrupt;
pub mod leak;
pub mod readme;
pub mod refusals;
pub mod script;
pub mod web;
