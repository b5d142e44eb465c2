use crate::{Test, json_lines};

#[tokio::test]
async fn the_catalogue_is_listed() {
    let test = Test::new().await;
    let all = test.run("services").await;
    assert!(all.code == 0 && all.stdout.lines().count() > 200, "{all:?}");
    let names = "projects/*/locations/*/operations/*";
    let run = format!("run/v2\trun.googleapis.com\tHTTP, gRPC\tlist, delete, wait\t{names}");
    assert!(all.stdout.lines().any(|line| line == run), "{run:?} in {all:?}");

    // By another name, and over gRPC alone.
    let vertex = json_lines(&test.run("services vertex --format json").await.stdout);
    assert!(!vertex.is_empty() && vertex.iter().all(|row| row["host"] == "aiplatform.googleapis.com"));
    assert!(vertex.iter().any(|row| row["service"] == "aiplatform/v1" && row["form"] == "longrunning"));
    let text = test.run("services vertex").await.stdout;
    assert!(text.lines().all(|row| row.len() < 400 && row.ends_with(" more")), "{text}");
    let storage = test.run("services storage.google").await;
    assert!(storage.stdout.contains("storage/v2\tstorage.googleapis.com\tgRPC\t"), "{storage:?}");

    let unknown = test.run("services spaner").await;
    assert!(unknown.code == 2 && unknown.stderr.contains("similar names are spanner"), "{unknown:?}");
    let unknown = test.run("services xyzzy").await;
    assert!(unknown.code == 2 && unknown.stderr.contains("no name is similar"), "{unknown:?}");
}
