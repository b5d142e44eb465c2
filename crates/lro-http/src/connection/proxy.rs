//! The proxy in the environment.

use std::{env, ffi::OsString};

use http::{Uri, uri::Scheme};
use hyper_util::client::proxy::matcher::{Intercept, Matcher};
use lro::Status;

use super::{Endpoint, endpoint::check_authority};
use crate::refusal::refused;

/// Returns the proxy for an endpoint, from `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY` or their lower-case forms.
///
/// Plain HTTP is for loopback hosts and has no proxy. A CGI process has none either, as in `Matcher::from_env`.
///
/// # Errors
///
/// `INVALID_ARGUMENT` if the proxy is not an `http` proxy. The message never contains the value, which may contain a
/// password.
pub(crate) fn proxy_for(endpoint: &Endpoint) -> Result<Option<Intercept>, Status> {
    if !endpoint.is_https() || env::var_os("REQUEST_METHOD").is_some() {
        return Ok(None);
    }
    let Some((variable, value)) = first_set(HTTPS_PROXY).or_else(|| first_set(ALL_PROXY)) else {
        return Ok(None);
    };
    let endpoint = endpoint.uri(b"/".to_vec())?;
    let exempt = first_set(NO_PROXY).map(|(_, hosts)| hosts.to_string_lossy().into_owned());
    // `Matcher` ignores a value that it cannot use. A value that it can use shows whether the endpoint is exempt.
    let matcher = Matcher::builder().no(exempt.unwrap_or_default()).https("http://proxy").build();
    if matcher.intercept(&endpoint).is_none() {
        return Ok(None);
    }
    let refuse = |why: &str| refused(format!("cannot use the proxy in {variable}: {why}"));
    let not_a_url = || refuse("its value is not a proxy URL such as http://proxy.example.com:3128");
    let value = value.into_string().map_err(|_| not_a_url())?;
    let scheme = value.parse::<Uri>().map_err(|_| not_a_url())?.into_parts().scheme;
    if let Some(scheme) = scheme.filter(|scheme| *scheme != Scheme::HTTP) {
        return Err(refuse(&format!("its scheme is {scheme}, and only http is supported")));
    }
    let proxy = Matcher::builder().https(value).build().intercept(&endpoint).ok_or_else(not_a_url)?;
    proxy.uri().authority().map_or(Ok(()), check_authority).map_err(refuse)?;
    Ok(Some(proxy))
}

/// Returns the first of these variables that is set, unless it is empty.
fn first_set(names: [&'static str; 2]) -> Option<(&'static str, OsString)> {
    let set = names.into_iter().find_map(|name| Some((name, env::var_os(name)?)));
    set.filter(|(_, value)| !value.is_empty())
}

const HTTPS_PROXY: [&str; 2] = ["HTTPS_PROXY", "https_proxy"];
const ALL_PROXY: [&str; 2] = ["ALL_PROXY", "all_proxy"];
const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];
