use crate::{Running, Test, command, ended};

#[tokio::test]
async fn an_emulator_serves_scripts_until_ctrl_c() {
    let test = Test::new().await;
    let mut emulate = command(&test.folder);
    emulate.args([
        "emulate",
        "--operation",
        "operations/1,calls=0",
        "--operation",
        "operations/2,calls=0,fails=ABORTED",
    ]);
    emulate
        .args(["--fault", "2*503", "--fault", "malformed", "--fault", "close", "--token-env", "TOKEN"])
        .env("TOKEN", "secret");
    let mut emulator = Running::of(emulate);
    let endpoint = emulator.line().await;
    assert!(endpoint.starts_with("http://127.0.0.1:"), "{endpoint}");
    let get = async |name: &str| {
        let mut get = command(&test.folder);
        get.args(["get", name]).env("LRO_TOKEN", "secret").env("LRO_ENDPOINT", &endpoint);
        ended(get).await.code
    };
    for code in [5, 5, 6, 5, 0] {
        assert_eq!(get("operations/1").await, code);
    }
    assert_eq!(get("operations/2").await, 1);
    emulator.interrupt().await;
    let ended = emulator.end().await;
    assert!(ended.code == 0 && ended.stderr.is_empty(), "{ended:?}");
}

#[tokio::test]
async fn a_port_that_is_taken_is_an_error() {
    let test = Test::new().await;
    let port = test.emulator.address().port();
    let store = test.folder.join("operations.db");
    let registry = format!("--service run --store {}", store.display());
    assert_eq!(test.run(&format!("registry register operations/1 {registry}")).await.code, 0);
    let serve = format!("registry serve --port {port} --store {}", store.display());
    for arguments in [format!("emulate --port {port}"), serve] {
        let ended = test.run(&arguments).await;
        assert_eq!(ended.code, 5, "{ended:?}");
        for text in ["cannot listen on ", "in use", "give another --port"] {
            assert_eq!(ended.stderr.matches(text).count(), 1, "{ended:?}");
        }
    }
    let other = test.run("emulate --host 203.0.113.1").await;
    assert!(other.code == 5 && other.stderr.contains("--host is no address of this machine"), "{other:?}");
}

#[tokio::test]
async fn a_token_that_is_empty_is_none() {
    let test = Test::new().await;
    let mut emulate = test.command("emulate --token-env TOKEN");
    emulate.env("TOKEN", "");
    let ended = ended(emulate).await;
    assert!(ended.code == 2 && ended.stderr.contains("TOKEN has no token"), "{ended:?}");
}
