use lro_page::Page;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::common::{entry, registry};

#[tokio::test]
async fn a_web_site_cannot_read_the_page_by_a_name_of_its_own() {
    let (_, registry) = registry(&[entry("a")]).await;
    let served = Page::registry(&registry).serve(0).await.unwrap();
    assert!(served.address().ip().is_loopback());
    let port = served.address().port();
    for (request, status) in [
        (format!("GET / HTTP/1.1\r\nhost: 127.0.0.1:{port}"), "200"),
        (format!("GET / HTTP/1.1\r\nhost: localhost:{port}"), "200"),
        ("GET /api HTTP/1.1\r\nhost: evil.example.com".to_owned(), "421"),
        (format!("GET /api HTTP/1.1\r\nhost: 127.0.0.1.evil.example.com:{port}"), "421"),
        ("GET http://evil.example.com/api HTTP/1.1\r\nhost: localhost".to_owned(), "421"),
        ("GET / HTTP/1.0".to_owned(), "421"),
    ] {
        let mut connection = TcpStream::connect(served.address()).await.unwrap();
        connection.write_all(format!("{request}\r\nconnection: close\r\n\r\n").as_bytes()).await.unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).await.unwrap();
        let first = answer.lines().next().unwrap();
        assert!(first.contains(status), "{request}: {first}");
        assert_eq!(status == "200", answer.contains("content-security-policy"), "{request}: {answer}");
    }
    let address = served.address();
    drop(served);
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    let refused = TcpStream::connect(address).await;
    assert!(refused.is_err(), "the page is served until the value is dropped");
}
