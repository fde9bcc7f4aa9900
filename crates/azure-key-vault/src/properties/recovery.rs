//! What becomes of a secret that is deleted.

/// What a delete leaves, and who may end it (`recoveryLevel`).
///
/// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret#deletionrecoverylevel>.
/// "Customized" levels belong to vaults that keep what is deleted for 7 to 89 days instead of 90.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::RecoveryLevel;
///
/// let level = RecoveryLevel::from("Recoverable+Purgeable");
/// assert_eq!(level, RecoveryLevel::RecoverablePurgeable);
/// assert!(level.can_recover() && level.can_purge());
///
/// let protected = RecoveryLevel::from("CustomizedRecoverable");
/// assert!(protected.can_recover() && !protected.can_purge(), "purge protection is on");
/// assert_eq!(RecoveryLevel::from("SomethingNew").as_str(), "SomethingNew");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RecoveryLevel {
    /// A delete is final.
    Purgeable,
    /// Kept for 90 days; may be purged before.
    RecoverablePurgeable,
    /// Kept for 90 days, whatever anybody wants.
    Recoverable,
    /// Kept for 90 days; the subscription can't be cancelled before.
    RecoverableProtectedSubscription,
    /// Kept for 7 to 89 days; may be purged before.
    CustomizedRecoverablePurgeable,
    /// Kept for 7 to 89 days, whatever anybody wants.
    CustomizedRecoverable,
    /// Kept for 7 to 89 days; the subscription can't be cancelled before.
    CustomizedRecoverableProtectedSubscription,
    /// A level that this library does not know, by the service's name for it.
    Unknown(String),
}

impl RecoveryLevel {
    /// The service's name for it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Purgeable => "Purgeable",
            Self::RecoverablePurgeable => "Recoverable+Purgeable",
            Self::Recoverable => "Recoverable",
            Self::RecoverableProtectedSubscription => "Recoverable+ProtectedSubscription",
            Self::CustomizedRecoverablePurgeable => "CustomizedRecoverable+Purgeable",
            Self::CustomizedRecoverable => "CustomizedRecoverable",
            Self::CustomizedRecoverableProtectedSubscription => {
                "CustomizedRecoverable+ProtectedSubscription"
            }
            Self::Unknown(name) => name,
        }
    }

    /// Whether a deleted secret may be purged before its time. Of a level that is not known, its name tells.
    #[must_use]
    pub fn can_purge(&self) -> bool {
        self.as_str().contains("Purgeable")
    }

    /// Whether a deleted secret may be recovered. Of a level that is not known, its name tells.
    #[must_use]
    pub fn can_recover(&self) -> bool {
        self.as_str().contains("Recoverable")
    }
}

impl From<&str> for RecoveryLevel {
    fn from(name: &str) -> Self {
        let known = KNOWN.into_iter().find(|level| level.as_str() == name);
        known.unwrap_or_else(|| Self::Unknown(name.to_owned()))
    }
}

const KNOWN: [RecoveryLevel; 7] = [
    RecoveryLevel::Purgeable,
    RecoveryLevel::RecoverablePurgeable,
    RecoveryLevel::Recoverable,
    RecoveryLevel::RecoverableProtectedSubscription,
    RecoveryLevel::CustomizedRecoverablePurgeable,
    RecoveryLevel::CustomizedRecoverable,
    RecoveryLevel::CustomizedRecoverableProtectedSubscription,
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_level_tells_whether_it_can_be_taken_back_or_ended() {
        for (name, recover, purge) in [
            ("Purgeable", false, true),
            ("Recoverable+Purgeable", true, true),
            ("Recoverable", true, false),
            ("Recoverable+ProtectedSubscription", true, false),
            ("CustomizedRecoverable+Purgeable", true, true),
            ("CustomizedRecoverable", true, false),
            ("CustomizedRecoverable+ProtectedSubscription", true, false),
        ] {
            let level = RecoveryLevel::from(name);

            assert!(!matches!(level, RecoveryLevel::Unknown(_)), "{name}");
            let told = (level.as_str(), level.can_recover(), level.can_purge());
            assert_eq!(told, (name, recover, purge));
        }
        for (name, recover, purge) in [
            ("Recoverable+PurgeableByTwo", true, true),
            ("purgeable", false, false),
            ("", false, false),
        ] {
            let level = RecoveryLevel::from(name);

            assert_eq!(level, RecoveryLevel::Unknown(name.to_owned()));
            assert_eq!((level.can_recover(), level.can_purge()), (recover, purge));
        }
    }
}
