use crate::Test;

#[tokio::test]
async fn completions_and_pages_are_generated() {
    let test = Test::new().await;
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ended = test.run(&format!("completions {shell}")).await;
        assert!(ended.code == 0 && ended.stdout.contains("registry") && ended.stderr.is_empty(), "{shell}");
    }
    let page = test.run("man").await.stdout;
    assert!(page.contains(".TH lro 1") && page.contains("130 interrupted"), "{page}");
    assert_eq!(test.run(&format!("man --folder {}", test.folder.display())).await.code, 0);
    assert!(test.folder.join("lro-registry-run.1").exists());
}

#[tokio::test]
async fn help_says_what_the_exit_codes_are_and_shows_no_secret() {
    let test = Test::new().await;
    let help = test.run("--help").await;
    assert!(help.code == 0 && help.stdout.contains("124 the deadline passed, 130 interrupted"), "{help:?}");
    let mut command = test.command("registry list --help");
    command.env("LRO_REGISTRY", "postgres://user:canary@db/").env("LRO_TOKEN", "canary");
    assert!(!crate::ended(command).await.stdout.contains("canary"));
}
