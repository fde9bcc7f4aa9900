//! How a fault is written: the calls it gets wrong, and the check that is meant to find it.

use std::fmt;

use async_trait::async_trait;
use polyvault_core::*;

use super::plain::Plain;

/// A fault of an adapter: what is not overridden, [`Plain`] does right.
#[async_trait]
pub(crate) trait Bug: Send + Sync + 'static {
    /// The check that is meant to find it.
    const MEANT: &'static str;

    fn debug(plain: &Plain, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(plain, f)
    }

    fn display(plain: &Plain, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(plain, f)
    }

    async fn get(plain: &Plain, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        plain.get(secret, options).await
    }

    async fn describe(plain: &Plain, secret: &SecretRef) -> Result<SecretInfo> {
        plain.describe(secret).await
    }

    async fn list_page(plain: &Plain, page: PageRequest) -> Result<Page<SecretInfo>> {
        plain.list_page(page).await
    }

    async fn list_versions_page(
        plain: &Plain,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        plain.list_versions_page(secret, page).await
    }

    async fn begin_put(
        plain: &Plain,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        plain.begin_put(secret, value, options).await
    }

    async fn begin_update(
        plain: &Plain,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        plain.begin_update(secret, patch).await
    }

    async fn begin_update_version(
        plain: &Plain,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        plain.begin_update_version(secret, version, change).await
    }

    async fn begin_delete(
        plain: &Plain,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        plain.begin_delete(secret, options).await
    }

    async fn list_deleted_page(
        plain: &Plain,
        page: PageRequest,
    ) -> Result<Page<DeletedSecretInfo>> {
        plain.list_deleted_page(page).await
    }

    async fn begin_recover(plain: &Plain, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        plain.begin_recover(secret).await
    }

    async fn begin_purge(plain: &Plain, secret: &SecretRef) -> Result<Operation<()>> {
        plain.begin_purge(secret).await
    }

    async fn resume(plain: &Plain, id: &OperationId) -> Result<Operation<Outcome>> {
        plain.resume(id).await
    }
}

/// A store with a fault.
pub(crate) struct Broken<B> {
    pub(crate) plain: Plain,
    pub(crate) bug: std::marker::PhantomData<B>,
}

#[async_trait]
impl<B: Bug> SecretStore for Broken<B> {
    fn capabilities(&self) -> &Capabilities {
        self.plain.capabilities()
    }

    async fn get(&self, secret: &SecretRef, options: GetOptions) -> Result<Secret> {
        B::get(&self.plain, secret, options).await
    }

    async fn describe(&self, secret: &SecretRef) -> Result<SecretInfo> {
        B::describe(&self.plain, secret).await
    }

    async fn list_page(&self, page: PageRequest) -> Result<Page<SecretInfo>> {
        B::list_page(&self.plain, page).await
    }

    async fn list_versions_page(
        &self,
        secret: &SecretRef,
        page: PageRequest,
    ) -> Result<Page<VersionInfo>> {
        B::list_versions_page(&self.plain, secret, page).await
    }

    async fn begin_put(
        &self,
        secret: &SecretRef,
        value: PutValue,
        options: PutOptions,
    ) -> Result<Operation<Written>> {
        B::begin_put(&self.plain, secret, value, options).await
    }

    async fn begin_update(
        &self,
        secret: &SecretRef,
        patch: InfoPatch,
    ) -> Result<Operation<SecretInfo>> {
        B::begin_update(&self.plain, secret, patch).await
    }

    async fn begin_update_version(
        &self,
        secret: &SecretRef,
        version: &VersionId,
        change: VersionChange,
    ) -> Result<Operation<VersionInfo>> {
        B::begin_update_version(&self.plain, secret, version, change).await
    }

    async fn begin_delete(
        &self,
        secret: &SecretRef,
        options: DeleteOptions,
    ) -> Result<Operation<()>> {
        B::begin_delete(&self.plain, secret, options).await
    }

    async fn list_deleted_page(&self, page: PageRequest) -> Result<Page<DeletedSecretInfo>> {
        B::list_deleted_page(&self.plain, page).await
    }

    async fn begin_recover(&self, secret: &SecretRef) -> Result<Operation<SecretInfo>> {
        B::begin_recover(&self.plain, secret).await
    }

    async fn begin_purge(&self, secret: &SecretRef) -> Result<Operation<()>> {
        B::begin_purge(&self.plain, secret).await
    }

    async fn resume(&self, id: &OperationId) -> Result<Operation<Outcome>> {
        B::resume(&self.plain, id).await
    }
}

impl<B: Bug> fmt::Display for Broken<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        B::display(&self.plain, f)
    }
}

impl<B: Bug> fmt::Debug for Broken<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        B::debug(&self.plain, f)
    }
}

/// `bug!(Name, meant_check, call, async |plain, ...| ...)`: the call's own body, and no other.
/// Written as closures, so that rustfmt and editors read them.
macro_rules! bug {
    (@ $name:ident $meant:ident { $($done:tt)* }) => {
        pub(crate) struct $name;

        #[async_trait::async_trait]
        impl Bug for $name {
            const MEANT: &'static str = stringify!($meant);
            $($done)*
        }
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        get, async |$p:ident, $secret:ident, $options:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn get($p: &Plain, $secret: &SecretRef, $options: GetOptions) -> Result<Secret> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        describe, async |$p:ident, $secret:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn describe($p: &Plain, $secret: &SecretRef) -> Result<SecretInfo> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        list_page, async |$p:ident, $page:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn list_page($p: &Plain, $page: PageRequest) -> Result<Page<SecretInfo>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        list_versions_page, async |$p:ident, $secret:ident, $page:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn list_versions_page($p: &Plain, $secret: &SecretRef, $page: PageRequest) -> Result<Page<VersionInfo>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        begin_put, async |$p:ident, $secret:ident, $value:ident, $options:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn begin_put($p: &Plain, $secret: &SecretRef, $value: PutValue, $options: PutOptions) -> Result<Operation<Written>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        begin_update, async |$p:ident, $secret:ident, $patch:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn begin_update($p: &Plain, $secret: &SecretRef, $patch: InfoPatch) -> Result<Operation<SecretInfo>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        begin_update_version, async |$p:ident, $secret:ident, $version:ident, $change:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn begin_update_version($p: &Plain, $secret: &SecretRef, $version: &VersionId, $change: VersionChange) -> Result<Operation<VersionInfo>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        begin_delete, async |$p:ident, $secret:ident, $options:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn begin_delete($p: &Plain, $secret: &SecretRef, $options: DeleteOptions) -> Result<Operation<()>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        list_deleted_page, async |$p:ident, $page:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn list_deleted_page($p: &Plain, $page: PageRequest) -> Result<Page<DeletedSecretInfo>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        begin_recover, async |$p:ident, $secret:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn begin_recover($p: &Plain, $secret: &SecretRef) -> Result<Operation<SecretInfo>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        begin_purge, async |$p:ident, $secret:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn begin_purge($p: &Plain, $secret: &SecretRef) -> Result<Operation<()>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        resume, async |$p:ident, $id:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            async fn resume($p: &Plain, $id: &OperationId) -> Result<Operation<Outcome>> { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        debug, |$p:ident, $f:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            fn debug($p: &Plain, $f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { $body }
        } $($($rest)*)?);
    };
    (@ $name:ident $meant:ident { $($done:tt)* }
        display, |$p:ident, $f:ident| $body:expr $(, $($rest:tt)*)?) => {
        bug!(@ $name $meant { $($done)*
            fn display($p: &Plain, $f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { $body }
        } $($($rest)*)?);
    };
    ($name:ident, $meant:ident, $($rest:tt)*) => {
        bug!(@ $name $meant { } $($rest)*);
    };
}
pub(crate) use bug;

/// The stores of a file, as the table takes them.
macro_rules! rows {
    ($($name:ident),* $(,)?) => {
        pub(super) fn rows() -> Vec<super::Row> {
            vec![$(super::Row::of::<$name>(stringify!($name))),*]
        }
    };
}
pub(crate) use rows;

/// The same refusal, taken for another kind.
pub(crate) fn taken_for(error: Error, from: ErrorKind, to: ErrorKind) -> Error {
    match error.kind() {
        kind if kind == from => retold(&error, Error::new(to, "taken for another kind")),
        _ => error,
    }
}

/// What `error` is about, told by another one.
pub(crate) fn retold(error: &Error, other: Error) -> Error {
    match (error.provider(), error.operation()) {
        (Some(provider), Some(operation)) => other.about(provider, operation, error.secret()),
        _ => other,
    }
}

/// An operation whose result is told otherwise.
pub(crate) fn but<T: Send + 'static>(
    operation: Operation<T>,
    change: impl FnOnce(T) -> T + Send + 'static,
) -> Operation<T> {
    operation.and_then(async move |result| Ok(change(result)))
}
