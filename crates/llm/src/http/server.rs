//! Where a provider is and how it is told who asks.

use std::fmt;

use ninefold_core::secret::Secret;
use ninefold_core::{Error, ErrorKind, Result};
use reqwest::Url;
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue};
use smol_str::SmolStr;

use crate::wire::Framing;

/// How a key is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Auth {
    /// `authorization: Bearer KEY`.
    Bearer,
    /// Alone in this header.
    Header(&'static str),
}

/// One provider's address and key.
pub(crate) struct Server {
    pub(super) provider: SmolStr,
    base: Url,
    /// Parameters that every request carries behind its path.
    query: String,
    pub(super) key: Option<Secret>,
    headers: HeaderMap,
    /// The address without what may be secret.
    pub(crate) address: String,
    /// The variable that the key is taken from; empty when there is none.
    pub(super) key_variable: SmolStr,
}

impl Server {
    /// # Errors
    /// `InvalidInput` for an address that is none, or whose scheme this build does not speak.
    pub(crate) fn new(provider: &str, base: &str) -> Result<Self> {
        // The text is not repeated: it may hold a password.
        let refuse = |what: &str, hint: &str| {
            Err(Error::new(ErrorKind::InvalidInput, format!("the address of {provider} {what}")).hint(hint))
        };
        let example = "write it like https://api.openai.com/v1";
        let Ok(base) = Url::parse(base.trim().trim_end_matches('/')) else { return refuse("is no URL", example) };
        match base.scheme() {
            "http" => {}
            "https" if cfg!(feature = "https") => {}
            "https" => {
                return refuse("needs TLS, which this build does not hold", "build it with the feature llm-https");
            }
            _ => return refuse("is not of the web", example),
        }
        if base.host_str().is_none_or(str::is_empty) {
            return refuse("names no host", example);
        }
        if base.query().is_some() || base.fragment().is_some() {
            return refuse("holds more than host and path", example);
        }
        let mut shown = base.clone();
        // Neither fails on an address with a host.
        let _same = shown.set_username("").and_then(|()| shown.set_password(None));
        Ok(Self {
            provider: provider.into(),
            address: shown.as_str().trim_end_matches('/').to_owned(),
            base,
            query: String::new(),
            key: None,
            headers: HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]),
            key_variable: SmolStr::default(),
        })
    }

    /// Sends this key along.
    ///
    /// # Errors
    /// `InvalidInput` for a key that cannot stand in a header.
    pub(crate) fn key(&mut self, key: Secret, auth: Auth) -> Result<()> {
        let bad = |_| {
            let what = format!("the key of {} holds characters that no key has", self.provider);
            Error::new(ErrorKind::InvalidInput, what).hint("look for line breaks, quotes and blanks in it")
        };
        let (name, text) = match auth {
            Auth::Bearer => (AUTHORIZATION, format!("Bearer {}", key.expose())),
            Auth::Header(name) => (HeaderName::from_static(name), key.expose().to_owned()),
        };
        let mut value = HeaderValue::from_str(&text).map_err(bad)?;
        value.set_sensitive(true);
        self.headers.insert(name, value);
        self.key = Some(key);
        Ok(())
    }

    pub(crate) fn named_by(&mut self, variable: &str) {
        self.key_variable = variable.into();
    }

    pub(crate) fn query(&mut self, name: &str, value: &str) {
        self.query = Url::parse_with_params("http://x", [(name, value)])
            .ok()
            .and_then(|url| url.query().map(str::to_owned))
            .unwrap_or_default();
    }

    /// What every request carries.
    pub(super) fn headers(&self, framing: Framing) -> HeaderMap {
        let mut headers = self.headers.clone();
        let accept = match framing {
            Framing::Events => "text/event-stream, application/json",
            Framing::Lines => "application/x-ndjson, application/json",
        };
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers
    }

    /// The address of a path below the base.
    ///
    /// # Errors
    /// `InvalidInput` for a path that leads elsewhere, as a model's name might make it.
    pub(super) fn at(&self, path: &str) -> Result<Url> {
        let base = self.base.as_str().trim_end_matches('/');
        let glue = match (self.query.is_empty(), path.contains('?')) {
            (true, _) => "",
            (false, false) => "?",
            (false, true) => "&",
        };
        // Neither another host nor a path beside the base's: what is parsed begins as what was written.
        let is_below = |url: &Url| url.as_str().strip_prefix(base).is_some_and(|rest| rest.starts_with('/'));
        Url::parse(&format!("{base}{path}{glue}{}", self.query))
            .ok()
            .filter(|url| path.starts_with('/') && is_below(url))
            .ok_or_else(|| {
                Error::new(
                    ErrorKind::InvalidInput,
                    format!("no address at {} can be made for the model", self.provider),
                )
                .hint("see whether the model's name is right")
            })
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("provider", &self.provider)
            .field("address", &self.address)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_host_and_no_secrets_are_shown() {
        for bad in ["", "api.openai.com", "ftp://host", "http://", "http://host/v1?key=abcdef", "/v1", "file:///etc"] {
            let error = Server::new("x", bad).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{bad}");
            assert!(!error.to_string().contains("abcdef"));
        }
        let mut server = Server::new("x", "http://user:hunter2@host:81/v1/").unwrap();
        server.key(Secret::new("a-very-secret-key"), Auth::Bearer).unwrap();
        let shown = format!("{server:?} {:?}", server.headers(Framing::Events));
        assert!(shown.contains("http://host:81/v1"), "{shown}");
        assert!(!shown.contains("hunter2") && !shown.contains("very-secret"), "{shown}");
        let bad = server.key(Secret::new("two\nlines-of-key"), Auth::Header("x-api-key")).unwrap_err();
        assert!(!format!("{bad} {bad:?}").contains("lines"));
    }

    #[test]
    fn paths_stay_below_the_base() {
        let mut server = Server::new("x", "http://host/a/b").unwrap();
        assert_eq!(server.at("/chat").unwrap().as_str(), "http://host/a/b/chat");
        server.query("api-version", "2024-10-21");
        assert_eq!(server.at("/chat").unwrap().as_str(), "http://host/a/b/chat?api-version=2024-10-21");
        assert_eq!(server.at("/chat?alt=sse").unwrap().as_str(), "http://host/a/b/chat?alt=sse&api-version=2024-10-21");
        for elsewhere in ["/../../c", "chat", "@evil/", ".evil/", ""] {
            assert!(server.at(elsewhere).is_err(), "{elsewhere}");
        }
    }
}
