//! The providers that are compiled in, one line each.

use std::sync::Arc;

use polyvault_core::observability::Traced;
use polyvault_core::provider::{OpenOptions, Provider, Rule, StoreUrl};
use polyvault_core::{Environment, Error, ErrorKind, MemoryStore, Result, SecretStore};

/// The providers that are compiled in.
pub const PROVIDERS: &[Provider] = &[
    #[cfg(feature = "azure-key-vault")]
    polyvault_azure_key_vault::PROVIDER,
    #[cfg(feature = "wix-secrets")]
    polyvault_wix_secrets::PROVIDER,
    #[cfg(feature = "yandex-lockbox")]
    polyvault_yandex_lockbox::PROVIDER,
    MEMORY,
];

/// Second doors to the same services, whose stores can do less: for deployments, and opened by their URLs
/// like all others.
pub const CONTROL_PLANES: &[Provider] = &[
    #[cfg(feature = "azure-key-vault")]
    polyvault_azure_key_vault::arm::PROVIDER,
];

/// A fresh store in memory each time.
const MEMORY: Provider = Provider {
    scheme: "memory",
    title: "Memory",
    capabilities: || MemoryStore::new().capabilities().clone(),
    not_yet: &[],
    refusals: &[Rule {
        capabilities: &["resume"],
        rule: "every operation is done with its first answer",
        url: "https://docs.rs/polyvault-core/latest/polyvault_core/struct.MemoryStore.html",
    }],
    parameters: &[],
    variables: &[],
    open: |url, _options| {
        url.check_parameters(&[])?;
        Ok(Arc::new(MemoryStore::builder().name(url.store()).build()))
    },
    from_id: None,
};

/// Opens a store by its URL, with credentials from the process's environment.
///
/// Nothing is sent: a wrong credential shows with the first call. The URL is
/// trusted configuration, since it says where credentials go.
///
/// The id of a secret in Azure Key Vault, `https://my-vault.vault.azure.net/secrets/NAME[/VERSION]`, opens the
/// vault that holds it, in the known clouds only. The name and the version in it are not kept: read
/// them with `azure_key_vault::identifier::SecretIdentifier`, as the second example does.
///
/// # Errors
///
/// `Config` for a URL that is none, that holds a credential, whose provider is
/// unknown or not compiled in, for a parameter the provider doesn't have, for an id that is
/// malformed or of a deleted secret, and for missing credentials, with a list of what was looked for.
///
/// # Example
///
/// ```
/// use polyvault::SecretStoreExt;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> polyvault::Result<()> {
/// let store = polyvault::open("memory://scratch")?;
/// store.put("db-password", "s3cret").await?;
/// # Ok(())
/// # }
/// ```
///
/// # Example: by the id of a secret
///
/// ```no_run
/// # #[cfg(feature = "azure-key-vault")]
/// # async fn read() -> polyvault::Result<()> {
/// use polyvault::SecretStoreExt;
/// use polyvault::azure_key_vault::identifier::{Hosts, SecretIdentifier};
///
/// let text = "https://my-vault.vault.azure.net/secrets/db-password";
/// let id = SecretIdentifier::parse(text, &Hosts::clouds())?;
/// let store = polyvault::open(text)?;
/// let secret = store.get_with(id.secret_ref(), id.selector().into()).await?;
/// # Ok(())
/// # }
/// ```
pub fn open(url: &str) -> Result<Arc<dyn SecretStore>> {
    open_in(url, &Environment::process())
}

/// [`open`] with credentials from an environment that is put together.
///
/// # Errors
///
/// As [`open`].
///
/// # Example
///
/// ```
/// use polyvault::Environment;
///
/// # #[cfg(feature = "azure-key-vault")] {
/// let environment = Environment::empty().with("POLYVAULT_AZURE_TOKEN", "made-up");
/// let store = polyvault::open_in("azure-key-vault://my-vault", &environment)?;
/// assert_eq!(store.capabilities().provider, "azure-key-vault");
/// # }
/// # Ok::<(), polyvault::Error>(())
/// ```
pub fn open_in(url: &str, environment: &Environment) -> Result<Arc<dyn SecretStore>> {
    let options = OpenOptions {
        environment: environment.clone(),
        ..OpenOptions::default()
    };
    open_with(url, options)
}

/// [`open`] with credentials, a transport, a clock and a retry policy of the caller's.
///
/// The store's calls are spans, as [`observability`](crate::observability) says.
///
/// # Example
///
/// ```
/// use std::time::Duration;
///
/// use polyvault::provider::OpenOptions;
/// use polyvault::transport::{ClientOptions, RetryPolicy};
/// use polyvault::Environment;
///
/// # #[cfg(feature = "yandex-lockbox")] {
/// let retry = RetryPolicy { total: Duration::from_secs(20), ..RetryPolicy::default() };
/// let options = OpenOptions {
///     environment: Environment::empty().with("YC_IAM_TOKEN", "t1.made-up"),
///     client: ClientOptions { retry, max_in_flight: 8, ..ClientOptions::default() },
/// };
/// let store = polyvault::open_with("yandex-lockbox://b1gfolder00000000001", options)?;
/// assert_eq!(store.capabilities().provider, "yandex-lockbox");
/// # }
/// # Ok::<(), polyvault::Error>(())
/// ```
///
/// # Errors
///
/// As [`open`].
pub fn open_with(url: &str, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    open_url(&read_url(url)?, options)
}

/// Reads a store URL, or the id of a secret, which tells the store that holds it.
pub(crate) fn read_url(text: &str) -> Result<StoreUrl> {
    let mut told = PROVIDERS
        .iter()
        .filter_map(|provider| provider.from_id?(text));
    told.next().unwrap_or_else(|| StoreUrl::parse(text))
}

/// Opens a store by its URL, read.
pub(crate) fn open_url(url: &StoreUrl, options: OpenOptions) -> Result<Arc<dyn SecretStore>> {
    let provider = provider_of(url)?;
    let clock = Arc::clone(&options.client.clock);
    let store =
        (provider.open)(url, options).map_err(|error| error.with_provider(provider.scheme))?;
    Ok(Arc::new(Traced::with_clock(store, clock)))
}

/// The provider that a URL is for.
pub(crate) fn provider_of(url: &StoreUrl) -> Result<&'static Provider> {
    let all = || PROVIDERS.iter().chain(CONTROL_PLANES);
    let known = all().find(|p| p.scheme == url.scheme());
    known.ok_or_else(|| {
        let schemes: Vec<&str> = all().map(|p| p.scheme).collect();
        Error::new(
            ErrorKind::Config,
            format!("store URL: unknown scheme {:?}", url.scheme()),
        )
        .with_help(format!("There is {}.", schemes.join(", ")))
    })
}
