//! In place of TLS where no feature provides it: no value of [`Tls`] exists.

use http::Uri;
use lro::Status;

use super::{BoxError, stream::Io};
use crate::refusal::refused;

#[derive(Debug, Default)]
pub(crate) struct TlsSettings(());

#[derive(Clone, Debug)]
pub(crate) enum Tls {}

impl Tls {
    pub(crate) fn new(_: &TlsSettings) -> Result<Self, Status> {
        Err(refused("HTTPS needs the feature `ring` or `aws-lc` of lro-http, or a client given by `service`"))
    }

    pub(crate) async fn connect(
        &self,
        _: &Uri,
        _: Box<dyn Io>,
        _: bool,
    ) -> Result<(Box<dyn Io>, bool), BoxError> {
        match *self {}
    }

    pub(crate) async fn connect_to_proxy(&self, _: &Uri, _: Box<dyn Io>) -> Result<Box<dyn Io>, BoxError> {
        match *self {}
    }
}
