//! A model behind a server: a format, an address, a key, a transport.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ninefold_core::model::{MediaSource, Part};
use ninefold_core::secret::Secret;
use ninefold_core::{Cx, Error, ErrorKind, Model, ModelId, ModelRequest, Reply, Result};

use crate::endpoints::Provider;
use crate::http::{Auth, Server, Transport};
use crate::wire::{Dialect, Format};

/// A model that a server computes. It sends every request once and within the transport's limits; retries, budgets and
/// the like go around it.
pub struct Remote {
    id: ModelId,
    /// Format, address and dialect.
    variant: String,
    format: Arc<dyn Format>,
    dialect: Dialect,
    server: Arc<Server>,
    transport: Transport,
}

/// What a [`Remote`] is to be like.
pub struct RemoteBuilder {
    id: ModelId,
    format: Arc<dyn Format>,
    dialect: Dialect,
    server: Server,
    transport: Transport,
}

impl Remote {
    /// The model `id` at an address up to where the format's own paths begin, as in `https://api.openai.com/v1`.
    ///
    /// # Errors
    /// `InvalidInput` for an address that is none, or whose scheme this build does not speak.
    pub fn builder(id: ModelId, format: Arc<dyn Format>, address: &str, transport: Transport) -> Result<RemoteBuilder> {
        let server = Server::new(&id.provider, address)?;
        Ok(RemoteBuilder { id, format, dialect: Dialect::default(), server, transport })
    }
}

impl RemoteBuilder {
    /// Sets what the provider does differently.
    #[must_use]
    pub fn dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self
    }

    /// Sends this key along. It is shown nowhere, and taken out of what the server says.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot stand in a header.
    pub fn key(mut self, key: Secret, auth: Auth) -> Result<Self> {
        self.server.key(key, auth)?;
        Ok(self)
    }

    /// Names the variable that the key comes from, for errors.
    #[must_use]
    pub fn key_variable(mut self, variable: &str) -> Self {
        self.server.named_by(variable);
        self
    }

    /// Adds this parameter to the address of every request.
    #[must_use]
    pub fn query(mut self, name: &str, value: &str) -> Self {
        self.server.query(name, value);
        self
    }

    /// Makes it. No connection is opened yet.
    #[must_use]
    pub fn build(self) -> Remote {
        let Self { id, format, dialect, server, transport } = self;
        let variant = format!("{} at {} {dialect:?}", format.name(), server.address);
        Remote { id, variant, format, dialect, server: Arc::new(server), transport }
    }
}

impl Remote {
    /// A file that lies at another provider is not asked for here, where its id may be another's.
    fn check_uploads(&self, request: &ModelRequest) -> Result<()> {
        for part in request.messages.iter().flat_map(|message| &message.parts) {
            let (Part::Image { media } | Part::File { media }) = part else { continue };
            if let MediaSource::Uploaded { provider, id } = &media.source
                && Provider::account(provider) != Provider::account(&self.id.provider)
            {
                let here = &self.id.provider;
                let what = format!("the file {id:?} was uploaded to {provider} and cannot be sent to {here}");
                return Err(Error::new(ErrorKind::InvalidInput, what).hint(format!("upload it to {here} as well")));
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Model for Remote {
    fn id(&self) -> &ModelId {
        &self.id
    }

    fn variant(&self) -> &str {
        &self.variant
    }

    async fn send(&self, request: ModelRequest, cx: &Cx) -> Result<Reply> {
        cx.check()?;
        self.check_uploads(&request)?;
        let outgoing = self.format.encode(&self.id.name, &request, self.dialect)?;
        drop(request);
        self.transport.post(&self.server, self.format.as_ref(), &self.id.name, outgoing, cx).await
    }
}

impl fmt::Debug for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Remote")
            .field("id", &self.id)
            .field("format", &self.format)
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RemoteBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteBuilder").field("id", &self.id).field("server", &self.server).finish_non_exhaustive()
    }
}
