//! When the token of a file is read.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{env, fs, path::PathBuf, process};

use lro::Code;
use lro_auth::{Credentials, Token, token_file};

#[tokio::test]
async fn the_file_is_read_again_after_a_refusal() {
    let folder = folder("again");
    let path = folder.join("token");
    fs::write(&path, "first\n").unwrap();
    let credentials = token_file(&path);
    let first = credentials.token().await.unwrap().unwrap();
    assert_eq!(first, Token::bearer("first").unwrap());

    fs::write(&path, "second").unwrap();
    assert_eq!(credentials.token().await.unwrap().unwrap(), first);
    credentials.invalidate(&first);
    assert_eq!(credentials.token().await.unwrap().unwrap(), Token::bearer("second").unwrap());
    fs::remove_dir_all(folder).unwrap();
}

#[tokio::test]
async fn a_file_without_a_token_is_named() {
    let folder = folder("none");
    fs::write(folder.join("two"), "sesame\nopen").unwrap();
    for file in ["none", "two"] {
        let path = folder.join(file);
        let status = token_file(&path).token().await.unwrap_err();
        assert_eq!(status.code(), Code::Unauthenticated);
        assert!(status.message().contains(path.to_str().unwrap()), "{status}");
        assert!(!status.to_string().contains("sesame"), "{status}");
    }
    fs::remove_dir_all(folder).unwrap();
}

fn folder(of_test: &str) -> PathBuf {
    let folder = env::temp_dir().join(format!("lro-auth-{}-{of_test}", process::id()));
    fs::create_dir_all(&folder).unwrap();
    folder
}
