use std::{fmt, time::Duration};

use futures::{
    FutureExt, StreamExt,
    stream::{self, BoxStream},
};
use lro_registry::{StoreError, StoreErrorKind};
use tokio::time::timeout;
use tokio_postgres::{
    AsyncMessage, Client, Config, Error,
    config::SslMode,
    tls::{MakeTlsConnect, TlsConnect},
};

/// Opens connections to the servers of a connection string.
pub(crate) struct Connector {
    config: Config,
    #[cfg(feature = "tls")]
    tls: Option<tokio_postgres_rustls::MakeRustlsConnect>,
}

/// What the server sends beside the replies. The connection lives as long as it is polled.
pub(crate) type Messages = BoxStream<'static, Result<AsyncMessage, Error>>;

/// Longer than a slow handshake, shorter than the lease of a record.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// A peer that is gone without a packet is found after about a minute, before a firewall forgets the connection.
const KEEPALIVES_IDLE: Duration = Duration::from_secs(30);
const KEEPALIVES_INTERVAL: Duration = Duration::from_secs(10);
const KEEPALIVES_RETRIES: u32 = 3;
/// Bytes that are not acknowledged for so long mean that the peer is gone.
const TCP_USER_TIMEOUT: Duration = Duration::from_secs(15);
/// What tokio-postgres has if the connection string says nothing.
const UNSET_KEEPALIVES_IDLE: Duration = Duration::from_secs(2 * 60 * 60);

impl Connector {
    /// Parses a connection string. `roots` are root certificates as PEM, beside those of the system.
    pub(crate) fn parse(text: &str, roots: &[Vec<u8>]) -> Result<Self, StoreError> {
        let (text, verifies) = without_verify(text);
        // The parser's error may quote a part of the password.
        let mut config: Config = text.parse().map_err(|_| invalid("the connection string is not valid"))?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(invalid("the connection string names no host"));
        }
        complete(&mut config);
        if verifies {
            config.ssl_mode(SslMode::Require);
        }
        Self::with_tls(config, roots)
    }

    #[cfg(feature = "tls")]
    fn with_tls(config: Config, roots: &[Vec<u8>]) -> Result<Self, StoreError> {
        let tls = match config.get_ssl_mode() {
            SslMode::Disable => None,
            mode => Some(super::tls::connect(roots, mode == SslMode::Require)?),
        };
        Ok(Self { config, tls })
    }

    #[cfg(not(feature = "tls"))]
    fn with_tls(mut config: Config, roots: &[Vec<u8>]) -> Result<Self, StoreError> {
        if config.get_ssl_mode() == SslMode::Require || !roots.is_empty() {
            return Err(invalid("TLS needs the feature `tls` of lro-registry-postgres"));
        }
        config.ssl_mode(SslMode::Disable);
        Ok(Self { config })
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> Result<(Client, Messages), StoreError> {
        let each = self.config.get_connect_timeout().copied().unwrap_or(CONNECT_TIMEOUT);
        let hosts = self.config.get_hosts().len().max(self.config.get_hostaddrs().len()).max(1);
        // The time-out of the library covers the TCP handshake alone, for each address of a host.
        let whole = each.saturating_mul(hosts.try_into().unwrap_or(u32::MAX)).saturating_mul(2);
        match timeout(whole, self.open()).await {
            Ok(opened) => opened.map_err(super::failure),
            Err(_) => {
                Err(StoreError::new(StoreErrorKind::Unavailable, "the database did not answer in time"))
            }
        }
    }

    #[cfg(feature = "tls")]
    async fn open(&self) -> Result<(Client, Messages), Error> {
        match &self.tls {
            Some(tls) => open(&self.config, tls.clone()).boxed().await,
            None => open(&self.config, tokio_postgres::NoTls).boxed().await,
        }
    }

    #[cfg(not(feature = "tls"))]
    async fn open(&self) -> Result<(Client, Messages), Error> {
        open(&self.config, tokio_postgres::NoTls).boxed().await
    }
}

impl fmt::Debug for Connector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the password nor the options, which may have secrets too.
        f.debug_struct("Connector")
            .field("hosts", &self.config.get_hosts())
            .field("ports", &self.config.get_ports())
            .field("user", &self.config.get_user())
            .field("dbname", &self.config.get_dbname())
            .finish_non_exhaustive()
    }
}

async fn open<T>(config: &Config, tls: T) -> Result<(Client, Messages), Error>
where
    T: MakeTlsConnect<tokio_postgres::Socket> + Send,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<tokio_postgres::Socket>>::Future: Send,
{
    let (client, mut connection) = config.connect(tls).await?;
    Ok((client, stream::poll_fn(move |context| connection.poll_message(context)).boxed()))
}

/// Removes `sslmode=verify-ca` and `sslmode=verify-full`, which the parser does not know. Returns whether there was one.
fn without_verify(text: &str) -> (String, bool) {
    let plain = text
        .replace("sslmode=verify-full", "sslmode=require")
        .replace("sslmode=verify-ca", "sslmode=require");
    let verifies = plain != text;
    (plain, verifies)
}

/// Sets what the connection string leaves open.
fn complete(config: &mut Config) {
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT_TIMEOUT);
    }
    if config.get_keepalives_idle() == UNSET_KEEPALIVES_IDLE {
        config.keepalives_idle(KEEPALIVES_IDLE);
    }
    if config.get_keepalives_interval().is_none() {
        config.keepalives_interval(KEEPALIVES_INTERVAL);
    }
    if config.get_keepalives_retries().is_none() {
        config.keepalives_retries(KEEPALIVES_RETRIES);
    }
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(TCP_USER_TIMEOUT);
    }
    if config.get_application_name().is_none() {
        config.application_name("lro");
    }
}

fn invalid(message: &str) -> StoreError {
    StoreError::new(StoreErrorKind::Invalid, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_no_password() {
        let text = "host=db.example.com user=lro password='hunter2' dbname=jobs sslmode=verify-full";
        let connector = Connector::parse(text, &[]).unwrap();
        assert!(!format!("{connector:?}").contains("hunter2"));
        assert_eq!(connector.config.get_ssl_mode(), SslMode::Require);
        for broken in ["host=a password=hunter2 x y", "postgres://a:hunter2@[", "password=hunter2"] {
            let error = Connector::parse(broken, &[]).unwrap_err();
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
        }
    }
}
