//! How the receiver is reached.

use std::fmt;
use std::time::Duration;

use reqwest::Url;
use reqwest::header::{HeaderName, HeaderValue};

use super::error::Error;

/// How spans travel. Both carry the same protobuf messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// HTTP/1.1 `POST`s to `/v1/traces`; port 4318 by custom.
    #[default]
    Http,
    /// gRPC; port 4317 by custom.
    #[cfg(feature = "otlp-grpc")]
    Grpc,
}

impl Protocol {
    fn default_endpoint(self) -> &'static str {
        match self {
            Self::Http => "http://localhost:4318",
            #[cfg(feature = "otlp-grpc")]
            Self::Grpc => "http://localhost:4317",
        }
    }
}

/// Where the receiver is: as given, or the base to which OTLP over HTTP adds its path.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Endpoint {
    Exact { setting: &'static str, url: String },
    Base { setting: &'static str, url: String },
}

/// How the receiver is reached.
#[derive(Clone, Default)]
pub(super) struct Connection {
    pub(super) protocol: Protocol,
    pub(super) endpoint: Option<Endpoint>,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) timeout: Option<Duration>,
    pub(super) gzip: bool,
}

/// What the specification has for the longest wait for a receiver.
const TIMEOUT: Duration = Duration::from_secs(10);

impl Connection {
    pub(super) fn timeout(&self) -> Duration {
        self.timeout.unwrap_or(TIMEOUT)
    }

    /// The URL that spans are sent to.
    pub(super) fn url(&self) -> Result<String, Error> {
        let (setting, url, is_base) = match &self.endpoint {
            Some(Endpoint::Exact { setting, url }) => (*setting, url.as_str(), false),
            Some(Endpoint::Base { setting, url }) => (*setting, url.as_str(), true),
            None => ("endpoint", self.protocol.default_endpoint(), true),
        };
        let mut url = Url::parse(url.trim()).map_err(|error| {
            Error::new(setting, format!("not a URL ({error}); write it like {}", self.protocol.default_endpoint()))
        })?;
        if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
            return Err(Error::new(setting, format!("write it like {}", self.protocol.default_endpoint())));
        }
        if is_base
            && self.protocol == Protocol::Http
            && let Ok(mut path) = url.path_segments_mut()
        {
            path.pop_if_empty().extend(["v1", "traces"]);
        }
        Ok(url.into())
    }

    /// Adds a header, in place of one of the same name. Neither name nor value is part of the error's text.
    pub(super) fn header(&mut self, setting: &str, name: &str, value: &str) -> Result<(), Error> {
        let name =
            HeaderName::try_from(name).map_err(|_| Error::new(setting, "a header's name has invalid characters"))?;
        let mut value =
            HeaderValue::try_from(value).map_err(|_| Error::new(setting, "a header's value has invalid characters"))?;
        value.set_sensitive(true);
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value));
        Ok(())
    }
}

/// Headers by name only, and the endpoint without what stands before its host: both may hold credentials.
impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        let host = self.url().ok().and_then(|url| {
            let url = Url::parse(&url).ok()?;
            Some(format!("{}://{}{}", url.scheme(), url.host_str()?, url.port().map(|port| format!(":{port}"))?))
        });
        f.debug_struct("Connection")
            .field("protocol", &self.protocol)
            .field("host", &host)
            .field("headers", &names)
            .field("timeout", &self.timeout())
            .field("gzip", &self.gzip)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(endpoint: Endpoint) -> Result<String, Error> {
        Connection { endpoint: Some(endpoint), ..Connection::default() }.url()
    }

    fn base(url: &str) -> Endpoint {
        Endpoint::Base { setting: "BASE", url: url.to_owned() }
    }

    fn exact(url: &str) -> Endpoint {
        Endpoint::Exact { setting: "EXACT", url: url.to_owned() }
    }

    #[test]
    fn a_base_gets_the_path_and_an_exact_one_stays() {
        assert_eq!(Connection::default().url().unwrap(), "http://localhost:4318/v1/traces");
        assert_eq!(url(base("http://c:4318/")).unwrap(), "http://c:4318/v1/traces");
        assert_eq!(url(base("http://c:4318/otel")).unwrap(), "http://c:4318/otel/v1/traces");
        assert_eq!(url(base("http://c:4318?tenant=a")).unwrap(), "http://c:4318/v1/traces?tenant=a");
        assert_eq!(url(exact("http://c:6006/v1/traces")).unwrap(), "http://c:6006/v1/traces");
        assert_eq!(url(exact("http://c:6006/in")).unwrap(), "http://c:6006/in");
    }

    #[test]
    fn what_is_no_http_url_is_refused_by_the_name_of_its_setting() {
        for wrong in ["", "localhost:4318", "c:4318", "ftp://c", "unix:///tmp/x", "http://", "http://c:99999"] {
            let error = url(base(wrong)).unwrap_err();
            assert!(
                error.setting() == "BASE" && error.to_string().contains("write it like http://localhost:4318"),
                "{error}"
            );
        }
    }

    #[test]
    fn credentials_are_not_shown() {
        let mut connection =
            Connection { endpoint: Some(exact("http://me:hush@c:1/x?key=hush")), ..Connection::default() };
        connection.header("headers", "x-api-key", "hush").unwrap();
        let shown = format!("{connection:?}");
        assert!(shown.contains("x-api-key") && shown.contains("http://c:1") && !shown.contains("hush"), "{shown}");
        let error = connection.header("headers", "x-api-key", "hush\n").unwrap_err();
        assert!(!error.to_string().contains("hush"));
    }

    #[test]
    fn the_last_value_of_a_header_counts() {
        let mut connection = Connection::default();
        connection.header("headers", "X-Team", "a").unwrap();
        connection.header("headers", "x-team", "b").unwrap();
        assert_eq!(connection.headers.len(), 1);
        assert_eq!(connection.headers[0].1, "b");
    }
}
