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
    let ended = test.run(&format!("emulate --port {}", test.emulator.address().port())).await;
    assert!(ended.code == 5 && ended.stderr.contains("cannot listen on 127.0.0.1:"), "{ended:?}");
}
