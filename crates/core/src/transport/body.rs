//! Bodies of requests and answers, wiped when the last holder drops them.

use std::fmt;

use bytes::Bytes;
use zeroize::Zeroizing;

/// The bytes of a request or of an answer, in a buffer that is wiped on drop.
///
/// A clone shares the buffer. `Debug` shows the length only.
///
/// # Example
///
/// ```
/// use polyvault_core::transport::Body;
///
/// let body = Body::from_wiped(b"{\"value\":\"s3cret\"}".to_vec().into());
/// assert_eq!((body.len(), body.is_empty()), (18, false));
/// assert_eq!(format!("{body:?}"), "Body(18 bytes)");
/// assert_eq!(body.as_bytes(), &body.clone().into_bytes()[..]);
/// assert!(Body::empty().is_empty());
/// ```
#[derive(Clone, Default)]
pub struct Body(Bytes);

impl Body {
    /// A body of no bytes.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Bytes::new())
    }

    /// Takes over a buffer; it is wiped when the last clone is dropped.
    #[must_use]
    pub fn from_wiped(buffer: Zeroizing<Vec<u8>>) -> Self {
        Self(Bytes::from_owner(buffer))
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The shared buffer, as HTTP clients take it.
    #[must_use]
    pub fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Body({} bytes)", self.0.len())
    }
}
