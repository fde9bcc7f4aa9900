//! Secrets that are environment variables.

use std::fmt;

use crate::capabilities::Alphabet;
use crate::{Environment, NameRule, Result, Value};

#[derive(Clone, Debug)]
pub(super) struct Variables {
    environment: Environment,
    prefix: String,
    upper_snake: bool,
}

impl Variables {
    pub(super) fn exact(environment: Environment, prefix: String) -> Self {
        Self {
            environment,
            prefix,
            upper_snake: false,
        }
    }

    pub(super) fn upper_snake(environment: Environment, prefix: String) -> Self {
        Self {
            environment,
            prefix,
            upper_snake: true,
        }
    }

    /// In upper snake case only what comes back from a variable: each name has one, and no two share it.
    pub(super) fn rule(&self) -> NameRule {
        NameRule {
            max_chars: 255,
            alphabet: match self.upper_snake {
                true => Alphabet::LowercaseAnd("-"),
                false => Alphabet::AlphanumericAnd("-_."),
            },
            forbidden_prefix: None,
            case_sensitive: true,
        }
    }

    pub(super) fn read(&self, name: &str) -> Result<Option<Value>> {
        let name = match self.upper_snake {
            true => name.to_ascii_uppercase().replace('-', "_"),
            false => name.to_owned(),
        };
        let value = self.environment.value(&format!("{}{name}", self.prefix))?;
        Ok(value.map(Value::text))
    }

    pub(super) fn names(&self) -> Vec<String> {
        let names = self.environment.names().into_iter();
        let mine = names.filter_map(|name| name.strip_prefix(&self.prefix).map(str::to_owned));
        match self.upper_snake {
            false => mine.collect(),
            true => mine
                .filter(|name| !name.chars().any(|c| c.is_lowercase() || c == '-'))
                .map(|name| name.to_ascii_lowercase().replace('_', "-"))
                .collect(),
        }
    }
}

impl fmt::Display for Variables {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.prefix)
    }
}
