use std::{io, net::SocketAddr, time::Duration};

use lro_page::Page;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::common::{entry, registry};

#[tokio::test]
async fn a_web_site_cannot_read_the_page_by_a_name_of_its_own() {
    let (_, registry) = registry(&[entry("a")]).await;
    let served = Page::registry(&registry).title(TITLE).serve(0).await.unwrap();
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
        let answer = answer(served.address(), &request).await.unwrap();
        let first = answer.lines().next().unwrap();
        assert!(first.contains(status), "{request}: {first}");
        assert_eq!(status == "200", answer.contains("content-security-policy"), "{request}: {answer}");
        assert_eq!(status == "200", answer.contains(TITLE), "{request}: {answer}");
    }
    let address = served.address();
    drop(served);
    // Another test may have the port by now, and serve another page there.
    let request = "GET / HTTP/1.1\r\nhost: localhost";
    let gone = async {
        let page = || timeout(Duration::from_secs(5), answer(address, request));
        while matches!(page().await, Ok(Ok(page)) if page.contains(TITLE)) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(Duration::from_secs(60), gone).await.expect("the page is served until the value is dropped");
}

/// Sends a request on a connection of its own. Returns all that is answered.
async fn answer(address: SocketAddr, request: &str) -> io::Result<String> {
    let mut connection = TcpStream::connect(address).await?;
    connection.write_all(format!("{request}\r\nconnection: close\r\n\r\n").as_bytes()).await?;
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}

const TITLE: &str = "Served for a while";
