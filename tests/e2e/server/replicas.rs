//! Several servers on one store of PostgreSQL: each may end at any moment, and so may the database.

use std::collections::HashMap;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;

use super::*;
use crate::cluster::Cluster;
use crate::loopback::{Answered, Connection, request};

/// Asks a person before money is moved.
const MONEY: &str = r#"
[policy]
id = "mine"
version = "1"
[[rule]]
id = "ask-first"
effect = "require_approval"
reason = "money is for a person to move"
instead = "ask"
match = [{ tool = "pay", args = { amount = 5 } }]
not_match = [{ tool = "get_user", args = {} }]
[rule.when]
tool = ["pay"]
"#;

/// Calls that are held.
const CALLS: usize = 1000;

/// How many servers are tried, one after the other; a multiple of how many there are.
const TURNS: usize = 6;

/// Clients at once.
const CLIENTS: usize = 12;

/// Where calls are forwarded to: it notes how often each was made.
struct Upstream {
    address: SocketAddr,
    made: Arc<Mutex<HashMap<u64, u32>>>,
}

impl Upstream {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let made: Arc<Mutex<HashMap<u64, u32>>> = Arc::default();
        let notes = Arc::clone(&made);
        // It ends with the process.
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let notes = Arc::clone(&notes);
                std::thread::spawn(move || serve(stream.unwrap(), &notes));
            }
        });
        Self { address, made }
    }
}

/// Answers one call and closes.
fn serve(mut stream: TcpStream, made: &Mutex<HashMap<u64, u32>>) {
    let (mut received, mut piece) = (Vec::new(), [0_u8; 4096]);
    let call: Value = loop {
        let Ok(count @ 1..) = stream.read(&mut piece) else { return };
        received.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&received);
        let body = text.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        if let Ok(call) = serde_json::from_str(body) {
            break call;
        }
    };
    let number = call["args"]["n"].as_u64().unwrap();
    let mut made = made.lock().unwrap();
    let times = made.entry(number).or_default();
    *times = times.saturating_add(1);
    drop(made);
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 4\r\n\
                  connection: close\r\n\r\ntrue";
    // A server that was killed does not read it.
    let _gone = stream.write_all(answer.as_bytes());
}

/// A client in front of several servers: each question goes to the next one, and to another where
/// that one is gone.
struct Balanced<'a> {
    servers: &'a [SocketAddr],
    next: &'a AtomicUsize,
    open: HashMap<SocketAddr, Connection>,
}

impl<'a> Balanced<'a> {
    fn new(servers: &'a [SocketAddr], next: &'a AtomicUsize) -> Self {
        Self { servers, next, open: HashMap::new() }
    }

    fn post(&mut self, key: &str, path: &str, body: &Value) -> Answered {
        let turn = self.next.fetch_add(1, Ordering::Relaxed);
        let mut turns = self.servers.iter().cycle().skip(turn % TURNS).take(TURNS);
        turns.find_map(|server| self.try_at(*server, (key, path), body).ok()).unwrap()
    }

    fn try_at(
        &mut self,
        server: SocketAddr,
        (key, path): (&str, &str),
        body: &Value,
    ) -> std::io::Result<Answered> {
        let mut connection = match self.open.remove(&server) {
            Some(connection) => connection,
            None => Connection::to(server)?,
        };
        let answered =
            connection.ask(&request(("POST", path), (server, key), &body.to_string()))?;
        self.open.insert(server, connection);
        Ok(answered)
    }
}

/// Three servers of one installation on one store.
struct Replicas {
    install: Install,
    cluster: Cluster,
    servers: Vec<Server>,
    addresses: Vec<SocketAddr>,
    agent: String,
    ann: String,
}

impl Replicas {
    fn start(upstream: &Upstream) -> Option<Self> {
        Self::with(upstream, &[])
    }

    /// The same with these options besides.
    fn with(upstream: &Upstream, more: &[&str]) -> Option<Self> {
        let cluster = Cluster::start()?;
        cluster.create("shared");
        let install = Install::bare();
        std::fs::write(install.root().join("policy.toml"), MONEY).unwrap();
        let store = cluster.address("shared");
        let command = |arguments: &[&str]| install.datafog(arguments).env("DATAFOG_STORE", &store);
        let key = |arguments: &[&str]| {
            let made = command(&["key", "create"]).args(arguments).run().succeeds();
            made.stdout().trim().to_owned()
        };
        let (agent, ann) = (key(&["agent"]), key(&["ann", "--role", "approver"]));
        let upstream = format!("http://{}", upstream.address);
        let serve = ["serve", "--addr", "127.0.0.1:0", "--tool-upstreams", &upstream];
        let serve = [&serve[..], more].concat();
        let servers: Vec<Server> = (0..3).map(|_| Server::with(command(&serve))).collect();
        let addresses = servers.iter().map(Server::socket).collect();
        Some(Self { install, cluster, servers, addresses, agent, ann })
    }

    /// The whole chain, once nobody adds to it.
    fn verified(&self) {
        let verify = self.install.datafog(["receipts", "verify", "--store"]);
        verify.env("DATAFOG_STORE", self.cluster.address("shared")).run().succeeds();
    }
}

/// What became of a call, as its client was told.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Became {
    Made,
    Refused(String),
}

fn pay(number: usize, ticket: Option<&str>) -> Value {
    let args = json!({ "amount": 5, "n": number });
    json!({ "tool_name": "pay", "args": args, "wait": false, "approval_id": ticket })
}

/// Does `work` for every number, many at once.
fn each<T: Send>(
    count: usize,
    work: impl Fn(&mut Balanced<'_>, usize) -> T + Sync,
    to: &[SocketAddr],
) -> Vec<T> {
    let (next, taken) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let done = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..CLIENTS {
            scope.spawn(|| {
                let mut client = Balanced::new(to, &next);
                loop {
                    let number = taken.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        return;
                    }
                    let came = work(&mut client, number);
                    done.lock().unwrap().push((number, came));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap();
    done.sort_by_key(|(number, _)| *number);
    done.into_iter().map(|(_, came)| came).collect()
}

#[test]
fn of_three_replicas_one_is_killed_and_no_call_is_lost_or_made_twice() {
    let upstream = Upstream::start();
    let Some(mut replicas) = Replicas::start(&upstream) else { return };
    let (to, agent, ann) =
        (replicas.addresses.clone(), replicas.agent.clone(), replicas.ann.clone());
    let ticket = |client: &mut Balanced<'_>, number: usize| {
        let held = client.post(&agent, "/tool/call", &pay(number, None));
        assert_eq!(held.status, 202, "{held:?}");
        let held: Value = serde_json::from_str(&held.body).unwrap();
        held["approval_id"].as_str().unwrap().to_owned()
    };
    let tickets = each(CALLS, ticket, &to);
    let is_yes = |number: usize| !number.is_multiple_of(5);
    let victim = Mutex::new(Some(replicas.servers.remove(0)));
    let answer_and_redeem = |client: &mut Balanced<'_>, number: usize| {
        if number == CALLS / 3 {
            victim.lock().unwrap().take().unwrap().kill();
        }
        let ticket = &tickets[number];
        let path = format!("/v1/approvals/{ticket}/decision");
        let said = json!({ "decision": if is_yes(number) { "approve" } else { "deny" } });
        let told = client.post(&ann, &path, &said);
        // Who was not told that it was stored says it again, and that is a conflict.
        assert!(matches!(told.status, 200 | 409), "{told:?}");
        let came = client.post(&agent, "/tool/call", &pay(number, Some(ticket)));
        match came.status {
            200 => Became::Made,
            403 => Became::Refused(came.body),
            _ => panic!("{came:?}"),
        }
    };
    let became = each(CALLS, answer_and_redeem, &to);
    let made = upstream.made.lock().unwrap().clone();
    let mut unknown = 0;
    for (number, became) in became.iter().enumerate() {
        let times = made.get(&(number as u64)).copied().unwrap_or_default();
        match became {
            Became::Made => assert_eq!((is_yes(number), times), (true, 1), "{number}"),
            Became::Refused(_) if !is_yes(number) => assert_eq!(times, 0, "{number}"),
            Became::Refused(why) => {
                // It was under way at the server that was killed: made once or not at all.
                assert!(why.contains("used already") && times <= 1, "{number}: {times}, {why}");
                unknown += 1;
            }
        }
    }
    assert!(unknown <= CLIENTS, "{unknown}");
    let survivor = &replicas.servers[0];
    for (number, ticket) in tickets.iter().enumerate().step_by(7) {
        let state = survivor.get(&ann, &format!("/v1/approvals/{ticket}")).json()["state"].clone();
        assert_eq!(state, if is_yes(number) { "used" } else { "denied" }, "{number}");
    }
    replicas.servers.clear();
    replicas.verified();
}

#[test]
fn who_waits_at_one_replica_is_served_once_somebody_says_yes_at_another() {
    let upstream = Upstream::start();
    let Some(replicas) = Replicas::start(&upstream) else { return };
    let Replicas { addresses, agent, ann, .. } = &replicas;
    std::thread::scope(|scope| {
        let waits = |number: usize| {
            let args = json!({ "amount": 5, "n": number });
            let call = json!({ "tool_name": "pay", "args": args }).to_string();
            let server = addresses[number % 3];
            let asked = request(("POST", "/tool/call"), (server, agent), &call);
            Connection::to(server).unwrap().ask(&asked).unwrap()
        };
        let waiting: Vec<_> = (0..30).map(|number| scope.spawn(move || waits(number))).collect();
        let mut answered = 0;
        while answered < 30 {
            let listed = replicas.servers[1].get(ann, "/v1/approvals?state=pending").json();
            for approval in listed["approvals"].as_array().unwrap() {
                let path = format!("/v1/approvals/{}/decision", approval["id"].as_str().unwrap());
                let said = json!({ "decision": "approve" });
                assert_eq!(replicas.servers[2].post(ann, &path, &said).status, 200);
                answered += 1;
            }
        }
        for one in waiting {
            let told = one.join().unwrap();
            assert_eq!(told.status, 200, "{told:?}");
        }
    });
    let made = upstream.made.lock().unwrap();
    assert!(made.len() == 30 && made.values().all(|times| *times == 1), "{made:?}");
}

#[test]
fn a_key_of_the_callers_gets_one_answer_at_every_replica() {
    let upstream = Upstream::start();
    let Some(replicas) = Replicas::start(&upstream) else { return };
    let ask = |server: &Server, name: &str| {
        let action = json!({ "type": "command.exec", "command": "ls", "args": [name] });
        let asked = json!({ "action": action, "idempotency_key": "once" });
        server.post(&replicas.agent, "/v1/decide", &asked)
    };
    let first = ask(&replicas.servers[0], "a");
    assert_eq!(first.status, 200, "{first:?}");
    for server in &replicas.servers {
        assert_eq!(ask(server, "a").json(), first.json());
        assert_eq!(ask(server, "b").status, 409);
    }
}

#[test]
fn a_credential_has_one_rate_at_all_replicas() {
    let upstream = Upstream::start();
    let Some(replicas) = Replicas::with(&upstream, &["--rate-limit-rps", "40"]) else { return };
    let started = Instant::now();
    let ask = |client: &mut Balanced<'_>, number: usize| {
        let action =
            json!({ "type": "command.exec", "command": "ls", "args": [number.to_string()] });
        client.post(&replicas.agent, "/v1/decide", &json!({ "action": action })).status
    };
    let told = each(600, ask, &replicas.addresses);
    // What the bucket held, and what it gained meanwhile.
    let most = started.elapsed().as_secs_f64().mul_add(40.0, 41.0);
    assert!(told.iter().all(|status| matches!(status, 200 | 429)), "{told:?}");
    let let_through = told.iter().filter(|status| **status == 200).count();
    assert!(let_through as f64 <= most, "{let_through} of {most}");
    // Each may hold an eighth of a second's worth back.
    assert!(let_through >= 25, "{let_through}");
    replicas.verified();
}

#[test]
fn a_tenant_has_one_rate_at_all_replicas_whichever_of_its_keys_ask() {
    let upstream = Upstream::start();
    let rate = ["--tenant-rate-limit-rps", "40", "--rate-limit-rps", "1000"];
    let Some(replicas) = Replicas::with(&upstream, &rate) else { return };
    // Two servers of three, and two keys of one tenant.
    let (keys, addresses) = ([&replicas.agent, &replicas.ann], &replicas.addresses[..2]);
    let started = Instant::now();
    let ask = |client: &mut Balanced<'_>, number: usize| {
        client.post(keys[number % 2], "/nowhere", &json!({})).status
    };
    let told = each(600, ask, addresses);
    let most = started.elapsed().as_secs_f64().mul_add(40.0, 41.0);
    assert!(told.iter().all(|status| matches!(status, 404 | 429)), "{told:?}");
    let let_through = told.iter().filter(|status| **status == 404).count();
    assert!(let_through as f64 <= most, "{let_through} of {most}");
    assert!(let_through >= 25, "{let_through}");
}

#[test]
fn a_database_that_is_restarted_loses_no_verdict_that_was_told() {
    let upstream = Upstream::start();
    let Some(mut replicas) = Replicas::start(&upstream) else { return };
    let (to, agent) = (replicas.addresses.clone(), replicas.agent.clone());
    let decide = |client: &mut Balanced<'_>, number: usize| {
        if number == 300 {
            replicas.cluster.restart();
        }
        let action =
            json!({ "type": "command.exec", "command": "ls", "args": [number.to_string()] });
        let told = client.post(&agent, "/v1/decide", &json!({ "action": action }));
        let body: Value = serde_json::from_str(&told.body).unwrap();
        match told.status {
            200 => Some(body["receipt_id"].as_str().unwrap().to_owned()),
            503 => {
                assert_eq!(body.get("decision"), None);
                std::thread::sleep(Duration::from_millis(20));
                None
            }
            _ => panic!("{told:?}"),
        }
    };
    let told = each(1200, decide, &to);
    assert!(told[1190..].iter().any(Option::is_some), "it goes on afterwards");
    let told: Vec<String> = told.into_iter().flatten().collect();
    for id in told.iter().step_by(11).chain(told.last()) {
        let found = replicas.servers[2].get(&replicas.ann, &format!("/v1/receipts/{id}"));
        assert_eq!(found.status, 200, "{id}");
    }
    replicas.servers.clear();
    replicas.verified();
}
