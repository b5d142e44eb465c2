//! Serving a page on the loopback address, to local users only.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use axum::{
    Router,
    extract::Request,
    http::{StatusCode, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
};
use tokio::{net::TcpListener, task::JoinHandle};

/// A page that is being served. Dropping it ends that.
#[derive(Debug)]
pub struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// Returns the address, with the port that the system chose.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

pub(crate) fn serve(router: Router, listener: TcpListener) -> io::Result<Served> {
    let address = listener.local_addr()?;
    let router =
        if address.ip().is_loopback() { router.layer(middleware::from_fn(only_local)) } else { router };
    // An error of one connection ends that connection, and `serve` goes on.
    let task = tokio::spawn(async move { drop(axum::serve(listener, router).await) });
    Ok(Served { address, task })
}

/// Refuses requests by the name of another host. A web site may let its own name lead to the loopback address, and then read
/// what is served there.
async fn only_local(request: Request, next: Next) -> Response {
    let host = request.uri().host().map(str::to_owned);
    let header = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let is_local = header.is_some_and(|header| is_local(without_port(header)))
        && host.is_none_or(|host| is_local(&host));
    if !is_local {
        let refusal = "this page is served to local addresses only: 127.0.0.1, [::1] or localhost";
        return (StatusCode::MISDIRECTED_REQUEST, refusal).into_response();
    }
    next.run(request).await
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_local(host: &str) -> bool {
    let address = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let name = host.to_ascii_lowercase();
    address.parse().is_ok_and(|address: IpAddr| address.is_loopback())
        || name == "localhost"
        || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_local_hosts_are_local() {
        for host in
            ["localhost", "LOCALHOST:80", "a.localhost:7070", "127.0.0.1", "127.1.2.3:9", "[::1]:80", "[::1]"]
        {
            assert!(is_local(without_port(host)), "{host}");
        }
        for host in
            ["", "example.com", "127.0.0.1.example.com:80", "localhost.example.com", "10.0.0.1", "[::2]:80"]
        {
            assert!(!is_local(without_port(host)), "{host}");
        }
    }
}
