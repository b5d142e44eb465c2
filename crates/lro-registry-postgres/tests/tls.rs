//! TLS.

#![cfg(feature = "tls")]

mod common;

use common::entry;
use lro_registry::{Store, StoreErrorKind};
use lro_registry_postgres::PostgresStore;
use lro_testkit::postgres::Postgres;

#[tokio::test]
async fn the_certificate_is_verified_if_tls_is_required() {
    let signed =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    let (certificate, key) = (signed.cert.pem(), signed.signing_key.serialize_pem());
    let Some(postgres) = Postgres::start_with(&["fsync=off"]) else { return };
    postgres.encrypt(&certificate, &key);
    let config = postgres.database();
    let required = |mode: &str| PostgresStore::builder(&format!("{config} sslmode={mode}"));
    for mode in ["require", "verify-full"] {
        let error = required(mode).build().unwrap().register(&[entry("a")]).await.unwrap_err();
        assert_eq!(error.kind(), StoreErrorKind::Unavailable, "{error}");
        let store = required(mode).root_certificate(certificate.clone()).build().unwrap();
        store.register(&[entry(mode)]).await.unwrap();
    }
    for mode in ["prefer", "disable"] {
        required(mode).build().unwrap().register(&[entry(mode)]).await.unwrap();
    }
    let session = common::session(&config).await;
    assert_eq!(common::number(&session, "SELECT count(*) FROM lro.records").await, 4);
    let error = required("require").root_certificate("nonsense").build().unwrap_err();
    assert_eq!(error.kind(), StoreErrorKind::Refused);
}
