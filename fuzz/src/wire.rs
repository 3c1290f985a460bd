//! Routes of the server, asked over its own router: guard, body, judge, store and answer, and no network.

use std::os::unix::fs::MetadataExt as _;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use datafog_api::judges::Judges;
use datafog_api::server::{App, Options, app};
use datafog_api::store::Sqlite;
use datafog_config::{FileIdentity, Layout};
use datafog_gate::Judge;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt as _;

/// What whoever asks shows.
const TOKEN: &str = "a token that is shared with the fuzzer";

/// Most bytes of an answer: a batch of a thousand, and more.
const MOST: usize = 64 << 20;

/// A server of its own, with nothing in it.
struct Server {
    runtime: Runtime,
    router: Router,
    _folder: TempDir,
}

/// Asserts of one route, which the first byte chooses, and of a body, which is the rest: nothing fails on
/// our side, what is answered is JSON, and the same question is answered with the same status.
pub fn assert_wire(routes: &[&str], data: &[u8]) {
    let Some((choice, body)) = data.split_first() else { return };
    let Some(route) = routes.get(usize::from(*choice) % routes.len()) else { return };
    let (first, second) = (ask(route, body), ask(route, body));
    assert_eq!(first, second, "{route}");
}

/// The status that a body gets.
fn ask(route: &str, body: &[u8]) -> u16 {
    let Server { runtime, router, .. } = server();
    let request = Request::post(route)
        .header("host", "localhost")
        .header("content-type", "application/json")
        .header("x-api-key", TOKEN)
        .body(Body::from(body.to_vec()))
        .expect("a request");
    let (status, answer) = runtime.block_on(async {
        let answered = router.clone().oneshot(request).await.expect("it never fails");
        let status = answered.status().as_u16();
        (status, to_bytes(answered.into_body(), MOST).await.expect("an answer"))
    });
    assert!(status < 500, "{route}: {status} {}", String::from_utf8_lossy(&answer));
    let json: Result<serde_json::Value, _> = serde_json::from_slice(&answer);
    assert!(json.is_ok(), "{route}: {status} {}", String::from_utf8_lossy(&answer));
    status
}

fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a folder");
        let metadata = folder.path().metadata().expect("it is there");
        let (own, user, root) = (FileIdentity::of(&metadata), metadata.uid(), folder.path());
        let store = Arc::new(Sqlite::open(&root.join("store.db")).expect("a store"));
        let root = root.to_owned();
        let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
        let open = move || Judge::open(Layout::at(&root), own, user, None);
        let judges = runtime.block_on(Judges::open(1, open)).expect("a judge");
        let options = Options {
            token: Some(TOKEN.into()),
            session_time: Duration::from_secs(60),
            ..Options::default()
        };
        let _inside = runtime.enter();
        let router = app(Arc::new(App::new(store, judges, &[7; 32], &options)));
        Server { runtime, router, _folder: folder }
    })
}
