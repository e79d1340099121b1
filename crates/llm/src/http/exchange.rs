//! A request of any method whose answer is small and read whole: what is at a provider beside its models.

use std::sync::Arc;

use ninefold_core::{Cx, Error, ErrorKind, Result};
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderName, HeaderValue};
use tokio::time::Instant;

use super::failure::Limit;
use super::server::Server;
use super::timer::Timer;
use super::transport::{Transport, beginning};
use crate::wire::{Format, Framing};

/// What is sent.
pub(crate) struct Request {
    pub(crate) method: Method,
    /// Below the endpoint's base address, beginning with `/`.
    pub(crate) path: String,
    /// Beside those of authentication and content.
    pub(crate) headers: Vec<(&'static str, &'static str)>,
    /// The media type of the body, and the body.
    pub(crate) content: Option<(String, Vec<u8>)>,
    /// What it is about, for advice.
    pub(crate) about: &'static str,
}

impl Transport {
    /// Sends a request and reads the answer, of which the first 64 KiB count.
    ///
    /// # Errors
    /// As a model's call; `NotFound` for what is not there.
    pub(crate) async fn exchange(
        &self,
        server: &Arc<Server>,
        format: &dyn Format,
        request: Request,
        cx: &Cx,
    ) -> Result<Vec<u8>> {
        let Request { method, path, headers, content, about } = request;
        // A body may be large: the server begins to answer when it has all of it.
        let total = self.limits().total;
        let mut carried = server.headers(Framing::Lines);
        carried.insert(ACCEPT, HeaderValue::from_static("application/json"));
        carried.remove(CONTENT_TYPE);
        let mut building = self.client().request(method, server.at(&path)?).headers(carried);
        for (name, value) in headers {
            building = building.header(HeaderName::from_static(name), HeaderValue::from_static(value));
        }
        for (name, value) in self.traced() {
            building = building.header(name, value);
        }
        if let Some((kind, body)) = content {
            building = building.header(CONTENT_TYPE, kind).body(body);
        }
        let until = Instant::now() + total;
        let mut timer = Timer::new(cx.clone(), until);
        let answered = timer.within(|| until, building.send()).await?;
        let Some(answered) = answered else { return Err(server.too_slow(Limit::Total, total)) };
        let response = answered.map_err(|error| server.of_sending(error, self.limits().connect))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(server.of_redirect(status, response.headers()));
        }
        let headers = response.headers().clone();
        let body = beginning(response, &mut timer).await?;
        if status.is_success() {
            return Ok(body);
        }
        let error = server.of_status(format, (status, &headers, &body), about, cx.now());
        if status.as_u16() != 404 {
            return Err(error);
        }
        let gone = Error::new(ErrorKind::NotFound, error.message()).with_status(404);
        Err(match error.wire() {
            Some(wire) => gone.with_wire(wire.clone()),
            None => gone,
        })
    }
}
