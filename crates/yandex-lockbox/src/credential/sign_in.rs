//! A credential at one installation, as a source of tokens.

use async_trait::async_trait;
use polyvault_core::Result;
use polyvault_core::transport::{Token, TokenSource};

use super::{Credential, TokenRequest};

/// Signs in with a credential.
#[derive(Debug)]
pub(crate) struct SignIn {
    credential: Box<dyn Credential>,
    request: TokenRequest,
}

impl SignIn {
    pub(crate) fn new(credential: Box<dyn Credential>, request: TokenRequest) -> Self {
        Self {
            credential,
            request,
        }
    }
}

#[async_trait]
impl TokenSource for SignIn {
    async fn fetch(&self) -> Result<Token> {
        self.credential.token(&self.request).await
    }
}
