//! How a secret is read.

use polyvault_core::VersionSelector;

/// Which version [`AzureKeyVault::read`](crate::AzureKeyVault::read) reads, and in which form.
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::{OutContentType, ReadOptions};
///
/// let as_pem = ReadOptions {
///     out_content_type: Some(OutContentType::Pem),
///     ..ReadOptions::default()
/// };
/// assert!(ReadOptions::default().out_content_type.is_none(), "as it is kept");
/// # let _ = as_pem;
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReadOptions {
    /// The version; the current one unless said.
    pub version: VersionSelector,
    /// The form that a certificate's secret is converted into; as it is kept unless said.
    ///
    /// The service converts PKCS #12 to PEM and refuses everything else. Needs an API version of
    /// `2025-06-01-preview` or newer.
    pub out_content_type: Option<OutContentType>,
}

/// A form of a certificate with its private key.
///
/// <https://learn.microsoft.com/rest/api/keyvault/secrets/get-secret/get-secret#contenttype>
///
/// # Example
///
/// ```
/// use polyvault_azure_key_vault::OutContentType;
///
/// assert_eq!(OutContentType::Pem.as_str(), "application/x-pem-file");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OutContentType {
    /// PKCS #12, also called PFX: `application/x-pkcs12`.
    Pkcs12,
    /// PEM: `application/x-pem-file`.
    Pem,
}

impl OutContentType {
    /// The service's name for it, a MIME type.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pkcs12 => "application/x-pkcs12",
            Self::Pem => "application/x-pem-file",
        }
    }
}
