//! When tokens are fetched, how long they are used, and which calls share a fetch.

#![allow(clippy::unwrap_used, reason = "the helpers of tests are tests")]

use std::{
    future::pending,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::Duration,
};

use lro::{Code, Origin, Status};
use lro_auth::{Credentials, Token, token_fn};
use tokio::{
    runtime::Handle,
    task::{JoinSet, yield_now},
    time::{Instant, advance, sleep, timeout},
};

#[tokio::test(start_paused = true)]
async fn a_token_is_used_until_it_expires() {
    // SPEC 55
    for (what, lifetime) in [("n07", secs(59)), ("an hour", secs(3_600)), ("brief", secs(1))] {
        // The renewal hangs.
        let issuer = Issuer::new(lifetime).takes([Duration::ZERO, secs(50)]);
        let credentials = issuer.credentials();
        let token = credentials.token().await.unwrap();
        for left in [lifetime / 2, lifetime / 10, lifetime / 100, millis(1)] {
            let expiry = issuer.started()[0] + lifetime;
            tokio::time::sleep_until(expiry - left).await;
            assert_eq!(credentials.token_at_hand(), token, "{what}, {left:?} before the end");
            assert_eq!(credentials.token().await.unwrap(), token, "{what}, {left:?} before the end");
            assert_eq!(Instant::now(), expiry - left, "{what}: nothing waits for the renewal");
        }
        advance(millis(1)).await;
        assert_eq!(credentials.token_at_hand(), None, "{what}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_is_renewed_in_the_last_tenth_of_its_lifetime_and_in_the_last_minutes_of_a_long_one() {
    // SPEC 55
    for (lifetime, margin) in [
        (secs(59), millis(5_900)),
        (secs(3_600), secs(240)),
        (secs(2_400), secs(240)),
        (secs(86_400), secs(240)),
        (secs(1), millis(100)),
    ] {
        let issuer = Issuer::new(lifetime);
        let credentials = issuer.credentials();
        let first = credentials.token().await.unwrap();
        advance(lifetime - margin - millis(1)).await;
        assert_eq!(credentials.token_at_hand(), first);
        settle().await;
        assert_eq!(issuer.fetches(), 1, "{lifetime:?}");
        advance(millis(1)).await;
        assert_eq!(credentials.token_at_hand(), first);
        settle().await;
        assert_eq!(issuer.fetches(), 2, "{lifetime:?}");
        assert_eq!(credentials.token_at_hand(), Some(token(2)));
    }
}

#[tokio::test(start_paused = true)]
async fn calls_go_on_with_the_valid_token_while_one_renewal_runs() {
    // SPEC 55
    let issuer = Issuer::new(secs(100)).takes([secs(1), secs(9)]);
    let credentials = issuer.credentials();
    credentials.token().await.unwrap();
    advance(secs(90)).await;
    let start = Instant::now();
    for _ in 0..80 {
        let mut calls = JoinSet::new();
        for _ in 0..20 {
            let credentials = Arc::clone(&credentials);
            calls.spawn(async move { credentials.token().await.unwrap() });
        }
        assert!(calls.join_all().await.iter().all(|used| *used == Some(token(1))));
        advance(millis(100)).await;
    }
    assert_eq!(start.elapsed(), secs(8), "no call waited");
    assert_eq!(Handle::current().metrics().num_alive_tasks(), 1, "one task renews");
    sleep(millis(1_001)).await;
    assert_eq!(credentials.token_at_hand(), Some(token(2)));
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_token_that_does_not_expire_is_kept_for_ever() {
    for lifetime in [None, Some(Duration::MAX)] {
        let issuer = Issuer { lifetime, ..Issuer::default() };
        let credentials = issuer.credentials();
        for _ in 0..3 {
            assert_eq!(credentials.token().await.unwrap(), Some(token(1)));
            advance(secs(365 * 86_400)).await;
        }
        assert_eq!(issuer.fetches(), 1, "{lifetime:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_expires_on_the_way_is_used_and_not_kept() {
    let issuer = Issuer::new(Duration::ZERO);
    let credentials = issuer.credentials();
    for number in 1..=3 {
        assert_eq!(credentials.token().await.unwrap(), Some(token(number)));
        assert_eq!(issuer.fetches(), number);
    }
}

#[tokio::test(start_paused = true)]
async fn calls_without_a_token_share_one_fetch() {
    // SPEC 55
    for (case, lifetime) in [("n07", Some(secs(59))), ("eternal", None), ("expired", Some(Duration::ZERO))] {
        let issuer = Issuer { lifetime, takes: vec![millis(50)], ..Issuer::default() };
        let start = Instant::now();
        let tokens = calls(&issuer.credentials(), 200).await;
        assert!(tokens.iter().all(|used| *used == Ok(Some(token(1)))), "{case}");
        assert_eq!((issuer.fetches(), start.elapsed()), (1, millis(50)), "{case}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_is_tried_again_and_fails_no_call_before_the_token_expires() {
    // SPEC 55: n08
    let issuer = Issuer::new(secs(400)).fails(|number| number > 1);
    let credentials = issuer.credentials();
    let first = credentials.token().await.unwrap();
    advance(secs(360)).await;
    for _ in 0..400 {
        assert_eq!(credentials.token().await.unwrap(), first);
        settle().await;
        advance(millis(100)).await;
    }
    let pauses: Vec<_> = issuer.started()[1..].windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((4..=10).contains(&pauses.len()), "{pauses:?}");
    assert!(pauses.windows(2).all(|pair| pair[0] <= pair[1]), "the pauses grow: {pauses:?}");
    assert!(pauses.iter().all(|pause| (millis(500)..=millis(10_100)).contains(pause)), "{pauses:?}");
    // Now it has expired.
    let start = Instant::now();
    assert_eq!(credentials.token().await, Err(no_token()));
    assert!(start.elapsed() <= secs(1), "{:?}", start.elapsed());
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_fails_and_then_succeeds_is_as_if_it_had_not_failed() {
    // SPEC 55
    let issuer = Issuer::new(secs(400)).fails(|number| (2..5).contains(&number));
    let credentials = issuer.credentials();
    for _ in 0..4_000 {
        credentials.token().await.unwrap();
        settle().await;
        advance(millis(100)).await;
    }
    assert_eq!(credentials.token().await.unwrap(), Some(token(5)));
    assert_eq!(issuer.fetches(), 5);
}

#[tokio::test(start_paused = true)]
async fn a_failure_is_shared_by_all_calls_that_waited_for_it() {
    // SPEC 55: n09
    let issuer = Issuer::default().takes([secs(1)]).fails(|_| true);
    let credentials = issuer.credentials();
    let start = Instant::now();
    assert!(calls(&credentials, 100).await.iter().all(|failed| *failed == Err(no_token())));
    assert_eq!((issuer.fetches(), start.elapsed()), (1, secs(1)));

    // Calls that come one after another share few fetches, and none of them waits for long.
    for _ in 0..1_000 {
        let asked = Instant::now();
        assert_eq!(credentials.token().await, Err(no_token()));
        assert!(asked.elapsed() <= secs(2), "{:?}", asked.elapsed());
        sleep(millis(100)).await;
    }
    assert!(start.elapsed() >= secs(100));
    assert!(issuer.fetches() <= 16, "{}", issuer.fetches());
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_fails_is_not_kept() {
    let credentials = Issuer::default().fails(|number| number != 3 && number != 5).credentials();
    for good in [token(3), token(5)] {
        let start = Instant::now();
        while credentials.token().await.is_err() {
            sleep(millis(1)).await;
        }
        assert_eq!(credentials.token().await.unwrap(), Some(good.clone()));
        // After the success the pauses are short again: of 0.5 and 1 s, then of 0.5 s.
        assert!(start.elapsed() <= if good == token(3) { millis(1_510) } else { millis(510) });
        credentials.invalidate(&good);
    }
}

#[tokio::test(start_paused = true)]
async fn only_the_token_that_was_refused_is_dropped() {
    // SPEC 30, 55
    let issuer = Issuer::default();
    let credentials = issuer.credentials();
    let first = credentials.token().await.unwrap().unwrap();
    credentials.invalidate(&first);
    assert_eq!(credentials.token_at_hand(), None);
    let second = credentials.token().await.unwrap().unwrap();
    assert_ne!(first, second);
    // A slow call with the old token fails after the new token arrived.
    credentials.invalidate(&first);
    assert_eq!(credentials.token().await.unwrap().unwrap(), second);
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn refusals_of_new_tokens_are_followed_by_pauses() {
    // SPEC 55: n10
    for (what, same_text) in [("new texts", false), ("the same text", true)] {
        let issuer = Issuer { same_text, ..Issuer::default() };
        let credentials = issuer.credentials();
        let mut operations = JoinSet::new();
        for _ in 0..10_000 {
            let credentials = Arc::clone(&credentials);
            operations.spawn(async move {
                for _ in 0..2 {
                    let token = credentials.token().await.unwrap().unwrap();
                    sleep(millis(20)).await;
                    credentials.invalidate(&token);
                }
            });
        }
        let _ = timeout(secs(3), operations.join_all()).await;
        assert!((2..=5).contains(&issuer.fetches()), "{what}: {}", issuer.fetches());
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_lasted_is_replaced_at_once_however_many_were_refused_before() {
    // SPEC 30, 55
    let issuer = Issuer::default();
    let credentials = issuer.credentials();
    for refusals in [10, 1, 1, 2] {
        for _ in 0..refusals {
            let refused = credentials.token().await.unwrap().unwrap();
            credentials.invalidate(&refused);
        }
        let start = Instant::now();
        credentials.token().await.unwrap();
        assert!(refusals == 10 || start.elapsed() <= millis(500), "{:?}", start.elapsed());
        // Even a fetch after many refusals comes in time for the call that waits for it.
        assert!(start.elapsed() <= secs(10), "{:?}", start.elapsed());
        advance(secs(60)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_the_closure_returned_again_is_as_old_as_at_first() {
    // SPEC 55: the closure has a cache of its own.
    let issuer = Issuer { same_text: true, ..Issuer::new(secs(8)) };
    let credentials = issuer.credentials();
    for minute in 0..10 {
        let asked = Instant::now();
        credentials.token().await.unwrap();
        assert_eq!(asked.elapsed(), Duration::ZERO, "minute {minute}");
        for _ in 0..60 {
            advance(secs(1)).await;
            credentials.token().await.unwrap();
            settle().await;
        }
        credentials.invalidate(&token(1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_goes_on_without_the_call_that_started_it() {
    // SPEC 55
    let issuer = Issuer::default().takes([secs(1)]);
    let credentials = issuer.credentials();
    let start = Instant::now();
    let first = timeout(millis(500), credentials.token());
    let (first, others) = tokio::join!(first, async {
        sleep(millis(100)).await;
        calls(&credentials, 10).await
    });
    assert!(first.is_err());
    assert!(others.iter().all(|used| *used == Ok(Some(token(1)))));
    assert_eq!((issuer.fetches(), start.elapsed()), (1, secs(1)));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_no_call_waits_for_holds_up_no_other_call() {
    let issuer = Issuer::default().takes([secs(50), secs(1)]);
    let credentials = issuer.credentials();
    timeout(millis(500), credentials.token()).await.unwrap_err();
    let start = Instant::now();
    assert_eq!(credentials.token().await.unwrap(), Some(token(2)));
    assert_eq!(start.elapsed(), secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_call_that_is_not_polled_keeps_no_result_for_other_calls() {
    let credentials = Issuer::default().takes([secs(1)]).credentials();
    let mut idle = Box::pin(credentials.token());
    timeout(millis(1), &mut idle).await.unwrap_err();
    let first = credentials.token().await.unwrap().unwrap();
    credentials.invalidate(&first);
    assert_eq!(credentials.token().await.unwrap(), Some(token(2)));
    assert_eq!(idle.await.unwrap(), Some(first));
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_hangs_ends_after_a_minute() {
    // SPEC 55
    let issuer = Issuer::default().takes([secs(1_000_000), secs(1)]);
    let credentials = issuer.credentials();
    let mut waiting = JoinSet::new();
    // There is always a call that waits.
    for number in 0..100 {
        let credentials = Arc::clone(&credentials);
        waiting.spawn(async move {
            sleep(secs(number)).await;
            timeout(secs(30), credentials.token()).await
        });
    }
    let outcomes = waiting.join_all().await;
    let failure = outcomes.iter().find_map(|outcome| outcome.as_ref().ok()?.as_ref().err()).unwrap();
    assert_eq!(failure.code(), Code::DeadlineExceeded);
    assert!(failure.message().contains("the closure that fetches the token"), "{failure}");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Ok(Ok(Some(_))))));
    assert_eq!(issuer.fetches(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_future_that_panics_when_its_time_is_up_fails_the_call() {
    // SPEC 61: its destructor is code of the caller.
    struct Vault;
    impl Drop for Vault {
        fn drop(&mut self) {
            assert!(thread::panicking(), "no vault");
        }
    }
    let credentials = token_fn(|| async {
        let _vault = Vault;
        pending().await
    });
    let status = credentials.token().await.unwrap_err();
    assert_eq!((status.origin(), status.code()), (Origin::CallFailed, Code::Internal));
    assert_eq!(status.message(), "the closure that fetches the token panicked: no vault");
}

#[tokio::test(start_paused = true)]
async fn a_closure_that_panics_fails_the_calls_that_wait_and_is_called_again() {
    // SPEC 55, 61
    // A closure that panics before it returns a future leaves the others no time to wait for it.
    for (at_once, waiting) in [(true, 1), (false, 10)] {
        let calls_made = AtomicUsize::new(0);
        let credentials: Arc<dyn Credentials> = Arc::new(token_fn(move || {
            let number = calls_made.fetch_add(1, Ordering::SeqCst);
            assert!(number > 0 || !at_once, "no vault");
            async move {
                sleep(millis(1)).await;
                assert!(number > 0, "no vault");
                Ok(token(1))
            }
        }));
        for failed in calls(&credentials, waiting).await {
            let status = failed.unwrap_err();
            assert_eq!(status.code(), Code::Internal);
            assert!(status.message().contains("the closure that fetches the token panicked: no vault"));
        }
        assert_eq!(credentials.token().await.unwrap(), Some(token(1)));
    }
}

#[tokio::test(start_paused = true)]
async fn the_closure_and_its_failures_may_use_the_credentials() {
    // SPEC 61: none of it runs under a lock.
    let this = Arc::new(Mutex::new(None::<Arc<dyn Credentials>>));
    let (inner, number) = (Arc::clone(&this), AtomicUsize::new(0));
    let credentials: Arc<dyn Credentials> = Arc::new(token_fn(move || {
        let again = Reenters(inner.lock().unwrap().clone().unwrap());
        let number = number.fetch_add(1, Ordering::SeqCst);
        async move {
            again.0.token_at_hand();
            again.0.invalidate(&token(9));
            if number < 2 { Err(no_token().with_source(again)) } else { Ok(token(1)) }
        }
    }));
    *this.lock().unwrap() = Some(Arc::clone(&credentials));
    for _ in 0..2 {
        credentials.token().await.unwrap_err();
    }
    assert_eq!(credentials.token().await.unwrap(), Some(token(1)));
    *this.lock().unwrap() = None;
}

#[test]
fn a_renewal_that_ends_with_its_runtime_is_made_by_the_next_one() {
    let issuer = Issuer::new(secs(100)).takes([Duration::ZERO, secs(50), Duration::ZERO]);
    let credentials = issuer.credentials();
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    runtime().block_on(async {
        credentials.token().await.unwrap();
        advance(secs(95)).await;
        credentials.token_at_hand().unwrap();
        settle().await;
        assert_eq!(issuer.fetches(), 2);
    });
    // The clock of the next runtime starts anew.
    runtime().block_on(async {
        advance(secs(101)).await;
        assert_eq!(credentials.token().await.unwrap(), Some(token(3)));
    });
}

#[test]
fn a_fetch_whose_runtime_does_not_run_is_made_by_another() {
    // SPEC 55
    let runtime =
        || tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    // The runtime parks during the first fetch, or during the renewal of a token that has expired since.
    for is_renewal in [false, true] {
        let takes = if is_renewal { vec![Duration::ZERO, secs(1)] } else { vec![secs(1)] };
        let issuer = Issuer::new(secs(10)).takes(takes);
        let credentials = issuer.credentials();
        let (parked, waiting) = (runtime(), runtime());
        let mut idle = Box::pin(credentials.token());
        parked.block_on(async {
            if is_renewal {
                credentials.token().await.unwrap();
                advance(millis(9_500)).await;
                credentials.token_at_hand().unwrap();
                settle().await;
            } else {
                timeout(millis(1), &mut idle).await.unwrap_err();
            }
        });
        let parked_fetches = issuer.fetches();
        waiting.block_on(async {
            if is_renewal {
                advance(secs(100)).await;
            }
            let start = Instant::now();
            let tokens = calls(&credentials, 10).await;
            let next = token(parked_fetches + 1);
            assert!(tokens.iter().all(|used| *used == Ok(Some(next.clone()))), "{tokens:?}");
            assert_eq!(issuer.fetches(), parked_fetches + 1);
            assert!((secs(5)..=millis(6_100)).contains(&start.elapsed()), "{:?}", start.elapsed());
            // A fetch that takes long in a runtime that runs has no other beside it.
            assert_eq!(credentials.token_at_hand(), Some(next));
        });
        if !is_renewal {
            // The call that was parked goes on with its own fetch, and does not replace the token.
            assert_eq!(parked.block_on(idle), Ok(Some(token(1))));
            assert_eq!(waiting.block_on(async { credentials.token_at_hand() }), Some(token(2)));
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_takes_long_in_a_runtime_that_runs_is_the_only_one() {
    // SPEC 55
    let issuer = Issuer::new(secs(100)).takes([secs(59)]);
    let start = Instant::now();
    assert!(calls(&issuer.credentials(), 10).await.iter().all(|used| *used == Ok(Some(token(1)))));
    assert_eq!((issuer.fetches(), start.elapsed()), (1, secs(59)));
}

/// Fetches of the tokens `1`, `2`, ...
#[derive(Clone, Debug, Default)]
struct Issuer {
    lifetime: Option<Duration>,
    /// How long the fetches take. The last time repeats.
    takes: Vec<Duration>,
    fails: Option<fn(usize) -> bool>,
    /// Whether all tokens have the same text.
    same_text: bool,
    started: Arc<Mutex<Vec<Instant>>>,
}

impl Issuer {
    fn new(lifetime: Duration) -> Self {
        Self { lifetime: Some(lifetime), ..Self::default() }
    }

    fn takes(self, takes: impl IntoIterator<Item = Duration>) -> Self {
        Self { takes: takes.into_iter().collect(), ..self }
    }

    /// Lets the fetches of these numbers fail, from 1.
    fn fails(self, fails: fn(usize) -> bool) -> Self {
        Self { fails: Some(fails), ..self }
    }

    fn credentials(&self) -> Arc<dyn Credentials> {
        let issuer = self.clone();
        Arc::new(token_fn(move || issuer.clone().fetch()))
    }

    async fn fetch(self) -> Result<Token, Status> {
        let number = {
            let mut started = self.started.lock().unwrap();
            started.push(Instant::now());
            started.len()
        };
        if let Some(takes) = self.takes.get(number - 1).or_else(|| self.takes.last()) {
            sleep(*takes).await;
        }
        if self.fails.is_some_and(|fails| fails(number)) {
            return Err(no_token());
        }
        let token = token(if self.same_text { 1 } else { number });
        Ok(match self.lifetime {
            Some(lifetime) => token.expires_in(lifetime),
            None => token,
        })
    }

    fn started(&self) -> Vec<Instant> {
        self.started.lock().unwrap().clone()
    }

    fn fetches(&self) -> usize {
        self.started().len()
    }
}

/// A cause that uses the credentials when it is dropped.
#[derive(Debug)]
struct Reenters(Arc<dyn Credentials>);

impl std::fmt::Display for Reenters {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("reenters")
    }
}

impl std::error::Error for Reenters {}

impl Drop for Reenters {
    fn drop(&mut self) {
        self.0.token_at_hand();
        self.0.invalidate(&token(9));
    }
}

/// The results of calls that are made at once.
async fn calls(credentials: &Arc<dyn Credentials>, number: usize) -> Vec<Result<Option<Token>, Status>> {
    let mut calls = JoinSet::new();
    for _ in 0..number {
        let credentials = Arc::clone(credentials);
        calls.spawn(async move { credentials.token().await });
    }
    calls.join_all().await
}

/// Lets the other tasks run without the clock.
async fn settle() {
    for _ in 0..20 {
        yield_now().await;
    }
}

fn token(number: usize) -> Token {
    Token::bearer(&format!("token-{number}")).unwrap()
}

fn no_token() -> Status {
    Status::unavailable("the token server is down")
}

const fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

const fn millis(millis: u64) -> Duration {
    Duration::from_millis(millis)
}
