//! The proxy, of the environment or given to the builder.

use std::{
    env,
    ffi::OsString,
    fmt,
    future::{Ready, ready},
    io,
    task::{Context, Poll},
};

use http::{Uri, uri::Scheme};
use hyper_util::{
    client::{
        legacy::connect::proxy::SocksV5,
        proxy::matcher::{Intercept, Matcher},
    },
    rt::TokioIo,
};
use lro::Status;
use tower_service::Service;

use super::{BoxError, Endpoint, Tls, endpoint::check_authority, stream::Io, tcp::Tcp, tunnel::tunnel};
use crate::refusal::refused;

/// Which proxy a client uses.
#[derive(Default)]
pub(crate) enum ProxyChoice {
    #[default]
    Environment,
    None,
    Given(String),
}

/// A proxy. Its credentials are in neither its `Debug` nor its `Display`.
#[derive(Clone, Debug)]
pub(crate) struct Proxy {
    intercept: Intercept,
    uri: Uri,
    kind: Kind,
}

#[derive(Clone, Debug)]
enum Kind {
    Http,
    Https(Tls),
    /// The client resolves the host.
    Socks5,
    /// The proxy resolves the host.
    Socks5h,
}

impl Proxy {
    /// Returns the proxy of a client.
    ///
    /// The environment names it in `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` or their lower-case forms, and for plain HTTP
    /// in `http_proxy`. That is not for loopback hosts over plain HTTP, and not in a CGI process, as in `Matcher::from_env`.
    ///
    /// # Errors
    ///
    /// `INVALID_ARGUMENT` if the proxy cannot be used. The message never contains the value, which may contain a
    /// password.
    pub(crate) fn of(
        choice: &ProxyChoice,
        endpoint: &Endpoint,
        tls: impl FnOnce() -> Result<Tls, Status>,
    ) -> Result<Option<Self>, Status> {
        match choice {
            ProxyChoice::None => Ok(None),
            ProxyChoice::Given(url) => Self::parse("the builder", url.into(), endpoint, tls).map(Some),
            ProxyChoice::Environment => {
                let Some((variable, value)) = in_environment(endpoint)? else {
                    return Ok(None);
                };
                Self::parse(variable, value, endpoint, tls).map(Some)
            }
        }
    }

    fn parse(
        place: &str,
        value: OsString,
        endpoint: &Endpoint,
        tls: impl FnOnce() -> Result<Tls, Status>,
    ) -> Result<Self, Status> {
        let refuse = |why: &str| refused(format!("cannot use the proxy in {place}: {why}"));
        let not_a_url = || refuse("its value is not a proxy URL such as http://proxy.example.com:3128");
        let mut value = value.into_string().map_err(|_| not_a_url())?;
        // `Matcher` compares the scheme with its case.
        let scheme = value.split_once("://").map_or(0, |(scheme, _)| scheme.len());
        value[..scheme].make_ascii_lowercase();
        let scheme = value.parse::<Uri>().map_err(|_| not_a_url())?.into_parts().scheme;
        let kind = match scheme.as_ref().map_or("http", Scheme::as_str) {
            "http" => Kind::Http,
            "https" => Kind::Https(tls()?),
            "socks5" => Kind::Socks5,
            "socks5h" => Kind::Socks5h,
            other => {
                let expected = "and only http, https, socks5 and socks5h are supported";
                return Err(refuse(&format!("its scheme is {other}, {expected}")));
            }
        };
        let intercept = Matcher::builder().all(value).build().intercept(&endpoint.target()?);
        let intercept = intercept.ok_or_else(not_a_url)?;
        let authority = intercept.uri().authority().ok_or_else(not_a_url)?;
        check_authority(authority).map_err(refuse)?;
        if intercept.raw_auth().is_some_and(|(user, password)| user.len().max(password.len()) > LONGEST_SOCKS)
        {
            return Err(refuse("its user or its password has more than 255 bytes"));
        }
        let uri = match kind {
            Kind::Socks5 | Kind::Socks5h if authority.port().is_none() => {
                format!("socks5://{}:{SOCKS_PORT}", authority.host()).parse().map_err(|_| not_a_url())?
            }
            _ => intercept.uri().clone(),
        };
        Ok(Self { intercept, uri, kind })
    }

    /// Returns the URL of the proxy.
    pub(crate) fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Connects to the target through the proxy. Nothing is sent in clear text to an `https` proxy.
    pub(crate) async fn connect(&self, tcp: Tcp, target: &Uri) -> Result<Box<dyn Io>, BoxError> {
        let io: Box<dyn Io> = match &self.kind {
            Kind::Https(tls) => tls.connect_to_proxy(&self.uri, Box::new(tcp)).await?,
            _ => Box::new(tcp),
        };
        match &self.kind {
            Kind::Http | Kind::Https(_) => tunnel(io, target, self.intercept.basic_auth()).await,
            Kind::Socks5 | Kind::Socks5h => {
                let mut socks = SocksV5::new(self.uri.clone(), Opened(Some(io)));
                if let Some((user, password)) = self.intercept.raw_auth() {
                    socks = socks.with_auth(user.to_owned(), password.to_owned());
                }
                let target = match self.kind {
                    Kind::Socks5 => resolved(target).await?,
                    _ => target.clone(),
                };
                Ok(socks.call(target).await?.into_inner())
            }
        }
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.uri.authority().map_or("", |authority| authority.as_str());
        write!(f, "{}://{host}", self.intercept.uri().scheme_str().unwrap_or("http"))
    }
}

/// Returns the variable and the value of the proxy for an endpoint.
fn in_environment(endpoint: &Endpoint) -> Result<Option<(&'static str, OsString)>, Status> {
    let own: &[_] = if endpoint.is_https() { &HTTPS_PROXY } else { &HTTP_PROXY };
    if !(endpoint.is_https() || endpoint.is_exposed()) || env::var_os("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let Some(found) = first_set(own).or_else(|| first_set(&ALL_PROXY)) else {
        return Ok(None);
    };
    let exempt = first_set(&NO_PROXY).map(|(_, hosts)| hosts.to_string_lossy().into_owned());
    // `Matcher` ignores a value that it cannot use. A value that it can use shows whether the endpoint is exempt.
    let matcher = Matcher::builder().no(exempt.unwrap_or_default()).all("http://proxy").build();
    Ok(matcher.intercept(&endpoint.target()?).map(|_| found))
}

/// Returns the first of these variables that is set, unless it is empty.
fn first_set(names: &[&'static str]) -> Option<(&'static str, OsString)> {
    let set = names.iter().find_map(|name| Some((*name, env::var_os(name)?)));
    set.filter(|(_, value)| !value.is_empty())
}

/// Returns the target with an address in place of its name.
async fn resolved(target: &Uri) -> Result<Uri, BoxError> {
    let host = target.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = target.port_u16().unwrap_or(HTTPS_PORT);
    let address = tokio::net::lookup_host((host, port)).await?.next();
    let address = address.ok_or_else(|| format!("{host} has no address"))?;
    Ok(format!("https://{address}/").parse()?)
}

/// A connector that returns a stream that is open already.
struct Opened(Option<Box<dyn Io>>);

impl Service<Uri> for Opened {
    type Response = TokioIo<Box<dyn Io>>;
    type Error = io::Error;
    type Future = Ready<io::Result<Self::Response>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        ready(self.0.take().map(TokioIo::new).ok_or_else(|| io::ErrorKind::NotConnected.into()))
    }
}

const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
/// Not in upper case: a CGI process takes `HTTP_PROXY` from a header of its client.
const HTTP_PROXY: [&str; 1] = ["http_proxy"];
const ALL_PROXY: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
const HTTPS_PORT: u16 = 443;
/// RFC 1928.
const SOCKS_PORT: u16 = 1080;
/// RFC 1929: each has one byte for its length.
const LONGEST_SOCKS: usize = 255;
