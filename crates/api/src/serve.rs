//! A server from its first moment to its last: `datafog serve`.
//!
//! This is the one place where the process enters a runtime for others' sake. What it needs is opened
//! before it listens, so a server that listens can answer.

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use datafog_config::{FileIdentity, Layout};
use datafog_core::Secret;
use datafog_gate::{ForeignPolicies, Judge};
use jiff::Timestamp;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::runtime::Builder;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::board::{follow_chain, follow_ledger};
use crate::dashboard::enter::Once;
use crate::dashboard::house::watch;
use crate::house::House;
use crate::identity::{Minted, mint};
use crate::judges::{self, Judges};
use crate::listen::{self, Address, Listener, MOST_CONNECTIONS};
use crate::server::noted::Noted;
use crate::server::{App, Options, app, expire_overdue};
use crate::settings::Settings;
use crate::signals::Signals;
use crate::store::{self, Role, Store, Write, Written};
use crate::tell;
use crate::tls;
use crate::trace::Debug;

/// The installation whose policy a server judges by.
#[derive(Clone, Debug)]
pub struct Installation {
    /// Its folders.
    pub layout: Layout,
    /// The identity of its binary.
    pub own: FileIdentity,
    /// The id of the user whose it is.
    pub user: u32,
}

/// What a server is for.
#[derive(Clone, Debug)]
pub struct Served {
    /// The installation that it judges for.
    pub installation: Installation,
    /// How its command line manages it, for the dashboard.
    pub house: Arc<dyn House>,
    /// Whether a link is made by which the person who starts the server comes in.
    pub open: bool,
}

/// What a person is told while a server starts.
#[derive(Debug)]
pub enum News<'a> {
    /// Nobody could have used the server, so this key was made: the one moment it can be shown.
    FirstKey(&'a Minted),
    /// It listens, at this address.
    Listening(String),
    /// It tells what it does, at this one.
    Debugging(SocketAddr),
    /// Whoever follows this link within two minutes, once, is logged in.
    Link(&'a Secret<String>),
}

/// Why a server did not start, or ended.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The system refuses threads, signals or random bytes.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// There is nobody to judge: key, settings or policy cannot be read.
    #[error(transparent)]
    Judges(#[from] judges::Error),
    /// It cannot listen.
    #[error(transparent)]
    Listen(#[from] listen::Error),
    /// A link is for a browser of this machine.
    #[error("`--open` is for an address of this machine alone, such as 127.0.0.1:8080")]
    NotHere,
    /// The store cannot be opened.
    #[error(transparent)]
    Store(#[from] store::Error),
    /// Certificate or key cannot be read.
    #[error("TLS cannot be spoken: {0}")]
    Tls(io::Error),
}

/// How long an answer is kept for who asks again under the same key.
const KEPT: Duration = Duration::from_secs(24 * 60 * 60);

/// How often what is no longer kept is removed.
const SWEPT: Duration = Duration::from_secs(10 * 60);

/// How often requests whose time is over are closed.
const CLOSED: Duration = Duration::from_secs(1);

/// How often it is looked whether the policy is to be asked for again.
const REFRESHED: Duration = Duration::from_secs(30);

/// How long an approval is kept once nothing can come of it any more: as long as a no holds. What was told
/// to people is known as long.
const APPROVALS_KEPT: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// Answers until a signal ends it, then lets what is under way come to its end. `way` reads policies
/// of other systems; `tell` is told what a person wants to know.
///
/// # Errors
/// Why it did not start, or what ended it.
pub fn serve(
    served: Served,
    settings: Settings,
    way: Option<&'static (dyn ForeignPolicies + Sync)>,
    tell: impl Fn(News<'_>),
) -> Result<(), Error> {
    let stop = Signals::take().map_err(io::Error::from)?.come()?;
    make_room();
    let runtime = Builder::new_multi_thread().enable_io().enable_time().build()?;
    let ended = runtime.block_on(run(served, settings, way, (stop, &tell)));
    // Who reads a large store just then is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    ended
}

/// Sees to it that as many files may be open as there may be connections, and what the server opens besides:
/// a session's usual limit is a quarter of that. Where the system does not permit it, fewer are answered at
/// once.
fn make_room() {
    let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return };
    let wanted = hard.min(OPEN);
    if soft < wanted {
        let _fewer: nix::Result<()> = setrlimit(Resource::RLIMIT_NOFILE, wanted, hard);
    }
}

/// Files that may be open: connections, and a thousand for stores, upstreams and channels.
const OPEN: u64 = MOST_CONNECTIONS as u64 + 1024;

async fn run(
    served: Served,
    settings: Settings,
    way: Option<&'static (dyn ForeignPolicies + Sync)>,
    (stop, tell): (oneshot::Receiver<()>, &impl Fn(News<'_>)),
) -> Result<(), Error> {
    let tls = settings.tls.as_ref().map(|(certificate, key)| tls::acceptor(certificate, key));
    let tls = tls.transpose().map_err(Error::Tls)?;
    let store = settings.store.open().await?;
    if served.open && !is_local(&settings.address) {
        return Err(Error::NotHere);
    }
    let Served { installation, house, open: is_opened } = served;
    let place = installation.layout.clone();
    let judges = judges(installation, &settings, way).await?;
    let is_private = tls.is_some() || settings.allow_plain;
    let listener = Listener::bind(&settings.address, is_private).await?;
    if let Some(minted) = first_key((&*store, &judges), &settings, &house.person()).await? {
        tell(News::FirstKey(&minted));
    }
    let address = told(&settings.address, &listener, tls.is_some());
    let debug = debug(&settings, tell).await?;
    tell(News::Listening(address.clone()));
    let secret = secret(&judges, &settings).await?;
    let whole =
        App::new(Arc::clone(&store), judges, &secret, &options(&settings, house)).at(&place);
    let whole = Arc::new(whole);
    if is_opened {
        tell(News::Link(&link(&whole, &address)?));
    }
    let mut beside = spawn_beside(&whole, store, &place);
    beside.extend(debug.map(|debug| tokio::spawn(debug.serve())));
    let router = app(Arc::clone(&whole));
    let stopped = async move {
        // The other end is dropped only when the process ends.
        let _gone: Result<(), _> = stop.await;
        whole.end();
    };
    let ended = listener.serve(router, (settings.patience, tls), stopped).await;
    beside.iter().for_each(JoinHandle::abort);
    Ok(ended?)
}

async fn judges(
    installation: Installation,
    settings: &Settings,
    way: Option<&'static (dyn ForeignPolicies + Sync)>,
) -> Result<Judges, Error> {
    let Installation { layout, own, user } = installation;
    let open = move || {
        let way = way.map(|way| -> &'static dyn ForeignPolicies { way });
        Judge::open(layout.clone(), own, user, way)
    };
    Ok(Judges::open(settings.judges, open).await?)
}

/// What goes on beside the answering, until the server ends.
fn spawn_beside(app: &Arc<App>, store: Arc<dyn Store>, place: &Layout) -> Vec<JoinHandle<()>> {
    vec![
        tokio::spawn(follow_chain(Arc::clone(&app.board), Arc::clone(&store))),
        tokio::spawn(follow_ledger(Arc::clone(&app.board), place.receipts())),
        tokio::spawn(sweep(store)),
        tokio::spawn(expire(Arc::clone(app))),
        tokio::spawn(tell::worker::tell(Arc::clone(app))),
        tokio::spawn(watch(Arc::clone(app))),
        tokio::spawn(refresh(Arc::clone(app))),
    ]
}

/// The listener for those who look for what is wrong, where one is wanted.
async fn debug(settings: &Settings, tell: &impl Fn(News<'_>)) -> Result<Option<Debug>, Error> {
    let Some(address) = settings.debug else { return Ok(None) };
    let debug = Debug::listen(address).await?;
    if let Some(address) = debug.address() {
        tell(News::Debugging(address));
    }
    Ok(Some(debug))
}

/// Whether a browser of this machine reaches the address, and nobody else.
const fn is_local(address: &Address) -> bool {
    matches!(address, Address::Tcp(_)) && address.is_of_this_machine()
}

/// A link by which the person of the installation comes in.
fn link(app: &App, address: &str) -> Result<Secret<String>, Error> {
    let person = app.house.as_ref().map(|house| house.person()).unwrap_or_default();
    let (once, code) = Once::new(person)?;
    *app.once.lock().unwrap_or_else(PoisonError::into_inner) = Some(once);
    Ok(Secret::new(format!("{address}/ui/enter#{}", code.expose())))
}

fn options(settings: &Settings, house: Arc<dyn House>) -> Options {
    Options {
        token: settings.token.as_ref().map(|token| token.expose().clone()),
        hosts: settings.hosts.clone(),
        rate: settings.rate,
        tenant_rate: settings.tenant_rate,
        session_time: settings.session_time,
        anonymous: settings.anonymous,
        upstreams: settings.upstreams.clone(),
        telling: settings.telling.clone(),
        tool_wait: settings.tool_wait,
        eyes: settings.eyes,
        secure: settings.tls.is_some() || settings.allow_plain,
        house: Some(house),
        said: settings.said.clone(),
    }
}

/// What tokens of those who log in are made with: of the setting, where there is one, and of the
/// installation's key. So servers that share the key believe each other's.
async fn secret(judges: &Judges, settings: &Settings) -> Result<[u8; 32], Error> {
    let set = settings.session_secret.as_ref().map(|secret| secret.expose().clone());
    let made = move |judge: &Judge<'_>| {
        let set = set.unwrap_or_default();
        *judge.key().digest("sessions", [set.as_bytes()]).as_bytes()
    };
    Ok(judges.ask(made).await?)
}

/// A key for the first administrator, where nobody has any and no token is shared. Its line stands in the
/// chain before it is made; `person` is the user of this machine who starts the server.
async fn first_key(
    (store, judges): (&dyn Store, &Judges),
    settings: &Settings,
    person: &str,
) -> Result<Option<Minted>, Error> {
    if settings.token.is_some() || !store.keys().await?.is_empty() {
        return Ok(None);
    }
    let now = Timestamp::now().as_microsecond();
    let (what, why) = ("make key first administrator", "at the first start, with the role admin");
    let noted = Noted::at_hand(person, "", what.into(), why.into());
    let line = noted.clone();
    let event = judges.ask(move |judge| line.event(judge)).await?.map_err(judges::Error::Gate)?;
    let entry = Some(noted.line(&event)?);
    let _stored: Written = store.write(Write { entry, answer: None }).await?;
    let minted = mint("first administrator", (Role::Admin, ""), (now, None))?;
    store.add_key(minted.stored.clone()).await?;
    Ok(Some(minted))
}

/// Closes requests for approval that nobody answered in time, until it is ended.
async fn expire(app: Arc<App>) {
    let mut often = tokio::time::interval(CLOSED);
    loop {
        often.tick().await;
        // What fails is tried again in a moment.
        match expire_overdue(&app).await {
            Ok(0) => {}
            Ok(closed) => tracing::info!(closed, "requests whose time was over were closed"),
            Err(_) => tracing::warn!("requests whose time is over could not be closed"),
        }
    }
}

/// Has the policy asked for that comes from another server, as calls have it, until it is ended. When that
/// one is silent for too long, the last good set stays in force here, and `/health` says so.
async fn refresh(app: Arc<App>) {
    let mut often = tokio::time::interval(REFRESHED);
    while let Some(house) = app.house.clone() {
        often.tick().await;
        let asked = tokio::task::spawn_blocking(move || house.refresh()).await;
        let is_outdated = matches!(asked, Ok(Err(datafog_gate::Error::Remote { .. })));
        let was_outdated = app.outdated.swap(is_outdated, Ordering::Relaxed);
        if is_outdated && !was_outdated {
            tracing::warn!("the server that the policy comes from has been silent for too long");
        }
    }
}

/// Removes what is no longer kept, until it is ended. A store that fails is tried again.
async fn sweep(store: Arc<dyn Store>) {
    let mut often = tokio::time::interval(SWEPT);
    let kept = i64::try_from(KEPT.as_micros()).unwrap_or(i64::MAX);
    let approvals = i64::try_from(APPROVALS_KEPT.as_millis()).unwrap_or(i64::MAX);
    loop {
        often.tick().await;
        let before = Timestamp::now().as_microsecond().saturating_sub(kept);
        let _again: Result<u64, store::Error> = store.forget_answers(before).await;
        let before = Timestamp::now().as_millisecond().saturating_sub(approvals);
        let _again: Result<u64, store::Error> = store.forget_approvals(before).await;
        let now = Timestamp::now().as_second();
        let _again: Result<u64, store::Error> = store.forget_visits(now).await;
        if let Some(counter) = store.counter() {
            let _again: Result<u64, store::Error> = counter.forget_full().await;
        }
        let before = before.saturating_mul(1000);
        let _again: Result<u64, store::Error> = store.forget_deliveries(before).await;
    }
}

/// The address as somebody would type it.
fn told(address: &Address, listener: &Listener, is_encrypted: bool) -> String {
    let scheme = if is_encrypted { "https" } else { "http" };
    match (listener.address(), address) {
        (Some(address), _) => format!("{scheme}://{address}"),
        (None, Address::Unix(path)) => format!("unix:{}", path.display()),
        (None, Address::Tcp(address)) => format!("{scheme}://{address}"),
    }
}
