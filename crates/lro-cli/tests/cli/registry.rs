use std::time::Duration;

use lro::{OperationName, Service};
use lro_registry::{
    Registration, Registry, Store,
    store::{ClaimId, ClaimRequest, Complete},
};
use lro_registry_sqlite::SqliteStore;
use lro_testkit::postgres::Postgres;
use serde_json::json;

use crate::{Running, Test, json_lines};

const SERVICE: &str = "workspace-events/v1";

impl Test {
    /// The path of the registry.
    fn store(&self) -> String {
        self.folder.join("operations.db").to_str().unwrap().to_owned()
    }

    async fn registry(&self, arguments: &str) -> crate::Ended {
        self.run(&format!("registry {arguments} --store {}", self.store())).await
    }

    fn worker(&self, store: &str, more: &str) -> Running {
        self.start(&format!(
            "registry run --service {SERVICE} --store {store} --format json --call-timeout 1s --lease 6s {more}"
        ))
    }
}

#[tokio::test]
async fn a_worker_that_is_killed_and_run_again_delivers_each_outcome() {
    let test = Test::new().await;
    test.never("operations/1");
    let registered = test
        .registry(&format!("register operations/1 --service {SERVICE} --tag order-7 --format json"))
        .await;
    assert_eq!(json_lines(&registered.stdout)[0]["new"], true, "{registered:?}");
    let known = test.registry(&format!("register operations/1 --service {SERVICE}")).await;
    assert_eq!(known.stdout, "workspaceevents.googleapis.com/v1/operations/1\tknown\n");

    let mut first = test.worker(&test.store(), "");
    first.says("polling workspaceevents.googleapis.com v1").await;
    let polled = async {
        while test.emulator.call_count() == 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(crate::PATIENCE, polled).await.expect("the worker polls");
    first.child.kill().await.unwrap();

    test.done("operations/1", r#"{"@type": "t/Job", "pages": 7}"#);
    let second = test.worker(&test.store(), "--until-idle").end().await;
    let [end] = &json_lines(&second.stdout)[..] else { panic!("{second:?}") };
    assert_eq!((&end["tag"], &end["response"]["pages"]), (&json!("order-7"), &json!(7)), "{second:?}");
    assert_eq!((second.code, &end["done"]), (0, &json!(true)));
    let third = test.worker(&test.store(), "--until-idle").end().await;
    assert_eq!((third.code, &*third.stdout), (0, ""), "nothing is delivered twice");
    let listed = test.registry("list --state acknowledged --format json").await;
    assert_eq!(json_lines(&listed.stdout)[0]["name"], "operations/1");
}

#[tokio::test]
async fn records_are_listed_watched_and_cancelled() {
    let test = Test::new().await;
    test.never("operations/1");
    test.never("operations/2");
    let registered =
        test.registry(&format!("register operations/1 operations/2 --service {SERVICE} --deadline 1h")).await;
    assert_eq!(registered.stdout.lines().count(), 2, "{registered:?}");
    let conflict = test.registry(&format!("register operations/1 --service {SERVICE} --deadline 2h")).await;
    assert!(conflict.code == 2 && conflict.stderr.contains("belongs to another request"), "{conflict:?}");
    assert_eq!(test.registry("list --state pending").await.stdout.lines().count(), 2);
    assert_eq!(test.registry("list --most 1").await.stdout.lines().count(), 1);
    assert_eq!(test.registry("list --state finished").await.stdout, "");

    let keys =
        "workspaceevents.googleapis.com/v1/operations/1 workspaceevents.googleapis.com/v1/operations/2";
    let watch = format!("registry watch {keys} {keys} nothing --every 0s --store {}", test.store());
    let mut watch = test.start(&watch);
    assert!(watch.line().await.contains("operations/1\tpending"));
    let cancelled = test.registry(&format!("cancel {keys} nothing")).await;
    assert!(cancelled.code == 4 && cancelled.stdout.matches("requested").count() == 2, "{cancelled:?}");
    // Workspace Events has no call to cancel, so the operations go on.
    test.done("operations/1", "{}");
    test.emulator.operation(
        "operations/2",
        lro_emulator::Script::new()
            .runs_for(Duration::ZERO)
            .fails(lro::Status::new(lro::Code::Aborted, "jam")),
    );
    let run = test.worker(&test.store(), "--until-idle").end().await;
    assert_eq!((run.code, json_lines(&run.stdout).len()), (1, 2), "{run:?}");
    let watched = watch.end().await;
    assert_eq!(watched.code, 4, "{watched:?}");
    assert!(
        watched.stdout.contains("operations/1\tdone") && watched.stdout.contains("failed\tABORTED: jam"),
        "{watched:?}"
    );
    assert_eq!(watched.stdout.matches("\tdone").count(), 1, "a key that is given twice ends once");
}

#[tokio::test]
async fn what_was_given_up_is_taken_back_or_forgotten() {
    let test = Test::new().await;
    test.never("operations/1");
    let key = "workspaceevents.googleapis.com/v1/operations/1";
    test.registry(&format!("register operations/1 --service {SERVICE} --deadline 1ms")).await;
    assert_eq!(test.worker(&test.store(), "--until-idle").end().await.code, 124);
    let listed = test.registry("list").await;
    assert!(listed.stdout.starts_with(&format!("{key}\tacknowledged\tgave up DEADLINE_EXCEEDED\tage ")));

    let taken = test.registry(&format!("take-back {key} nothing")).await;
    assert_eq!(
        (taken.code, &*taken.stdout),
        (4, &*format!("{key}\ttaken back\nnothing\tunknown key\n")),
        "{taken:?}"
    );
    assert!(test.registry("list").await.stdout.starts_with(&format!("{key}\tpending\t-\tage ")));
    let again = test.registry(&format!("take-back {key} --format json")).await;
    assert_eq!(again.code, 2, "{again:?}");
    assert_eq!(json_lines(&again.stdout)[0]["takeBack"], "neither given up nor set aside: pending");

    let forgotten = test.registry(&format!("forget {key}")).await;
    assert_eq!((forgotten.code, &*forgotten.stdout), (0, &*format!("{key}\tforgotten\n")));
    let again = test.registry(&format!("forget {key} --format json")).await;
    assert!(again.code == 4 && again.stdout.contains(r#""forget":"unknown key""#), "{again:?}");
    assert_eq!(test.registry("list").await.stdout, "");
}

#[tokio::test]
async fn a_list_shows_how_operations_ended() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    for (name, code) in [("operations/2", lro::Code::Aborted), ("operations/3", lro::Code::Cancelled)] {
        let script = lro_emulator::Script::new().runs_for(Duration::ZERO);
        test.emulator.operation(name, script.fails(lro::Status::new(code, "jam")));
    }
    let names = "operations/1 operations/2 operations/3";
    test.registry(&format!("register {names} --service {SERVICE}")).await;
    test.worker(&test.store(), "--until-idle").end().await;
    let listed = test.registry("list").await.stdout;
    let ends: Vec<&str> = listed.lines().map(|line| line.split('\t').nth(2).unwrap()).collect();
    assert_eq!(ends, ["succeeded", "failed ABORTED", "cancelled"]);
    let listed = json_lines(&test.registry("list --format json").await.stdout);
    let ends: Vec<_> = listed.iter().map(|row| (&row["ended"], row.get("code"))).collect();
    assert_eq!(
        ends,
        [
            (&json!("succeeded"), None),
            (&json!("failed"), Some(&json!("ABORTED"))),
            (&json!("cancelled"), None)
        ]
    );
}

#[tokio::test]
async fn a_worker_says_what_it_leaves_to_others() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    test.registry(&format!("register operations/1 --service {SERVICE}")).await;
    let other = "projects/p/locations/l/operations/";
    test.registry(&format!("register {other}1 {other}2 --service run/v2")).await;
    let run = test.worker(&test.store(), "--until-idle").end().await;
    let left = "warning: left 2 pending of run.googleapis.com v2, which this worker does not handle: \
                add --service run.googleapis.com/v2; the oldest is overdue by ";
    assert!(run.code == 0 && run.stderr.lines().last().unwrap().starts_with(left), "{run:?}");
    let quiet = test.worker(&test.store(), "--until-idle --quiet").end().await;
    assert_eq!((quiet.code, &*quiet.stderr), (0, ""));
}

#[tokio::test]
async fn ctrl_c_stops_a_worker_and_the_page() {
    let test = Test::new().await;
    test.never("operations/1");
    test.registry(&format!("register operations/1 --service {SERVICE}")).await;
    let mut worker = test.worker(&test.store(), "");
    worker.says("polling").await;
    let mut page = test.start(&format!("registry serve --store {}", test.store()));
    assert!(page.line().await.starts_with("http://127.0.0.1:"));
    for running in [worker, page] {
        running.interrupt().await;
        let ended = running.end().await;
        assert_eq!(ended.code, 0, "{ended:?}");
    }
    let key = "workspaceevents.googleapis.com/v1/operations/1";
    let mut watch = test.start(&format!("registry watch {key} --store {}", test.store()));
    assert!(watch.line().await.contains("pending"));
    watch.interrupt().await;
    let ended = watch.end().await;
    assert!(ended.code == 130 && ended.stderr.contains("the same command continues"), "{ended:?}");
}

#[tokio::test]
async fn handles_of_an_interrupted_wait_are_registered() {
    let test = Test::new().await;
    test.done("operations/1", "{}");
    let handle = r#"{"service": "workspaceevents.googleapis.com", "version": "v1", "name": "operations/1", "kind": "print"}"#;
    let registered = test.registry(&format!("register --handles {}", test.file("handle", handle))).await;
    assert_eq!(registered.code, 0, "{registered:?}");
    let listed = test.registry("list --format json").await;
    assert_eq!(json_lines(&listed.stdout)[0]["kind"], "print");
}

// A later version of the library has stored it, in a rolling update.
#[tokio::test]
async fn an_outcome_that_cannot_be_read_is_left_for_who_can() {
    let test = Test::new().await;
    let store = SqliteStore::open(test.store()).await.unwrap();
    let service = Service::new("workspaceevents.googleapis.com", "v1");
    let name = OperationName::parse("operations/1").unwrap();
    let registration = Registration::new(&service, name).key("order");
    Registry::new(store.clone()).register(registration).await.unwrap();
    let claim = ClaimRequest {
        claim: ClaimId::random(),
        service,
        most: 1,
        lease: Duration::from_secs(60),
        most_claims: 5,
        is_random: false,
        bucket: None,
    };
    let fence = store.claim(&claim).await.unwrap().records.remove(0).fence;
    let outcome = b"{\"Later\": 1}".to_vec();
    let complete = Complete { fence, name: None, outcome, state: Vec::new(), finished: None };
    store.complete(&[complete]).await.unwrap();

    let mut running = test.worker(&test.store(), "");
    let line = running.line().await;
    assert!(line.contains("order") && line.contains("cannot be read"), "{line}");
    running.interrupt().await;
    assert_eq!(running.end().await.code, 0);
    let idle =
        test.registry(&format!("run --service {SERVICE} --until-idle --lease 6s --call-timeout 1s")).await;
    assert_eq!((idle.code, idle.stdout.lines().count()), (6, 1), "{idle:?}");
    let watched = test.registry("watch order").await;
    assert!(watched.stdout.starts_with("order\tunknown\t"), "{watched:?}");
    let listed = test.registry("list --format json").await;
    let record = &json_lines(&listed.stdout)[0];
    assert!(record["state"] == "finished" && record["error"].to_string().contains("cannot read"), "{record}");
}

#[tokio::test]
async fn parameters_of_postgresql_are_no_path_and_are_not_shown() {
    let test = Test::new().await;
    for store in [
        "hostaddr=127.0.0.1 port=9 user=lro password=secret dbname=jobs",
        "user=lro password=secret host = 127.0.0.1 port = 9",
        "user=lro password=secret dbname=jobs",
        "user=lro sslpassword=secret dbname=jobs",
    ] {
        let mut list = test.command("registry list");
        list.env("LRO_REGISTRY", store);
        let listed = crate::ended(list).await;
        assert!(listed.code != 0 && !listed.stderr.contains("secret"), "{listed:?}");
        assert!(!listed.stderr.contains("no registry at"), "{listed:?}");
    }
}

#[tokio::test]
async fn a_registry_may_be_in_postgresql() {
    let Some(config) = Postgres::shared().map(Postgres::database) else { return };
    let test = Test::new().await;
    test.done("operations/1", "{}");
    let mut register = test.command(&format!("registry register operations/1 --service {SERVICE}"));
    register.env("LRO_REGISTRY", &config);
    let registered = crate::ended(register).await;
    assert!(registered.code == 0 && registered.stdout.ends_with("\tnew\n"), "{registered:?}");
    let mut run = test.command(&format!("registry run --service {SERVICE} --until-idle"));
    run.env("LRO_REGISTRY", &config);
    let run = crate::ended(run).await;
    assert!(run.code == 0 && run.stdout.contains("\tdone"), "{run:?}");
}
