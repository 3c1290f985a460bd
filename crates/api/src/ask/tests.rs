//! Servers of this machine that answer well, badly, slowly and not at all.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Instant;

use rustls::pki_types::PrivateKeyDer;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::*;

const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(3), most: 1000 };

/// What it is asked in all tests.
const QUESTION: &str = r#"{"version":1,"command":"curl ‹9 bytes›"}"#;

/// A server for one call: answers with what `answer` writes. Tells what it was sent.
fn server<A>(answer: A) -> (SocketAddr, Receiver<String>)
where
    A: FnOnce(&mut TcpStream) + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (say, heard) = channel();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        say.send(request(&mut stream)).unwrap();
        answer(&mut stream);
    });
    (address, heard)
}

/// One request with its body.
fn request(stream: &mut impl Read) -> String {
    let mut whole = Vec::new();
    let mut piece = [0; 4096];
    loop {
        let count = stream.read(&mut piece).unwrap();
        whole.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&whole).into_owned();
        if count == 0 || text.ends_with(QUESTION) {
            return text;
        }
    }
}

/// A whole answer.
fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
}

fn ask_at(address: SocketAddr) -> Result<String, NoAnswer> {
    let endpoint = Endpoint::parse(&format!("http://{address}/v1/score?tenant=a")).unwrap();
    let answer = ask(&endpoint, QUESTION.into(), BOUNDS)?;
    Ok(String::from_utf8(answer).unwrap())
}

/// What is said when the server answers this.
fn answered(text: String) -> Result<String, NoAnswer> {
    let (address, _heard) = server(move |stream| stream.write_all(text.as_bytes()).unwrap());
    ask_at(address)
}

#[test]
fn a_document_goes_out_and_one_comes_back() {
    let good = answer("200 OK", "", r#"{"score": 7}"#);
    let (address, heard) = server(move |stream| stream.write_all(good.as_bytes()).unwrap());
    assert_eq!(ask_at(address).unwrap(), r#"{"score": 7}"#);
    let sent = heard.recv().unwrap().to_ascii_lowercase();
    assert!(sent.starts_with("post /v1/score?tenant=a http/1.1\r\n"), "{sent}");
    assert!(sent.contains("content-type: application/json\r\n"), "{sent}");
    assert!(sent.contains("user-agent: datafog/") && !sent.contains("accept-encoding"), "{sent}");
    assert!(sent.ends_with(&format!("\r\n\r\n{QUESTION}")), "{sent}");
}

#[test]
fn this_machine_is_not_looked_up_by_name() {
    let good = answer("200 OK", "", "1");
    let (address, _heard) = server(move |stream| stream.write_all(good.as_bytes()).unwrap());
    let endpoint = Endpoint::parse(&format!("http://localhost:{}/", address.port())).unwrap();
    assert_eq!(ask(&endpoint, QUESTION.into(), BOUNDS).unwrap(), b"1");
}

#[test]
fn whatever_is_not_a_plain_answer_is_none() {
    for status in ["204 No Content", "400 Bad Request", "401 Unauthorized", "500 Oops", "503 No"] {
        let code = status.split(' ').next().unwrap().parse().unwrap();
        assert_eq!(answered(answer(status, "", "")), Err(NoAnswer::Status(code)), "{status}");
    }
    for garbage in ["", "hello", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nshort"] {
        let said = answered(garbage.to_owned());
        assert!(matches!(said, Err(NoAnswer::Unreached(_))), "{garbage}: {said:?}");
    }
    assert_eq!(answered(answer("200 OK", "", &"x".repeat(1001))), Err(NoAnswer::TooMuch(1000)));
    assert_eq!(answered(answer("200 OK", "", &"x".repeat(1000))).unwrap().len(), 1000);
}

#[test]
fn a_body_without_an_end_is_given_up() {
    let (address, _heard) = server(|stream| {
        let head = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        stream.write_all(head.as_bytes()).unwrap();
        while stream.write_all(b"100\r\n").is_ok() && stream.write_all(&[b'x'; 258]).is_ok() {}
    });
    let said = ask_at(address);
    assert!(matches!(said, Err(NoAnswer::TooMuch(_) | NoAnswer::Unreached(_))), "{said:?}");
}

#[test]
fn nobody_is_asked_but_the_one_that_is_named() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let place = format!("location: http://{}/\r\n", elsewhere.local_addr().unwrap());
    for (status, code) in [("302 Found", 302), ("307 Temporary", 307), ("308 Permanent", 308)] {
        assert_eq!(answered(answer(status, &place, "")), Err(NoAnswer::Status(code)));
    }
    assert!(elsewhere.accept().is_err(), "it was asked");
}

#[test]
fn it_ends_in_time_whatever_the_server_does() {
    let bounds = Bounds { patience: Duration::from_millis(300), most: 1000 };
    let silent = |stream: &mut TcpStream| {
        let _until_closed = stream.read(&mut [0]);
    };
    let dripping = |stream: &mut TcpStream| {
        let head = answer("200 OK", "", &"x".repeat(900));
        for byte in head.bytes() {
            thread::sleep(Duration::from_millis(20));
            if stream.write_all(&[byte]).is_err() {
                return;
            }
        }
    };
    for address in [server(silent).0, server(dripping).0] {
        let endpoint = Endpoint::parse(&format!("http://{address}/")).unwrap();
        let before = Instant::now();
        let said = ask(&endpoint, QUESTION.into(), bounds);
        assert_eq!(said, Err(NoAnswer::TooSlow(300)));
        assert!(before.elapsed() < Duration::from_secs(3), "{:?}", before.elapsed());
    }
}

#[test]
fn nobody_there_is_said_without_the_address() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let said = ask_at(free).unwrap_err();
    assert!(matches!(&said, NoAnswer::Unreached(why) if why.contains("refused")), "{said}");
    assert!(!said.to_string().contains("tenant"), "{said}");
}

/// A server for one encrypted call, and who vouches for it.
fn encrypted(names: &[&str]) -> (SocketAddr, RootCertStore) {
    let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let mut believed = RootCertStore::empty();
    believed.add(made.cert.der().clone()).unwrap();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![made.cert.der().clone()], key)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let connection = ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = StreamOwned::new(connection, stream);
        if stream.conn.complete_io(&mut stream.sock).is_ok() {
            request(&mut stream);
            stream.write_all(answer("200 OK", "", "1").as_bytes()).unwrap();
            let _all_is_sent = stream.flush();
        }
    });
    (address, believed)
}

fn ask_encrypted(address: SocketAddr, believed: RootCertStore) -> Result<Vec<u8>, NoAnswer> {
    let endpoint = Endpoint::parse(&format!("https://localhost:{}/", address.port())).unwrap();
    ask_believing(believed, &endpoint, QUESTION.into(), BOUNDS)
}

#[test]
fn only_a_server_that_somebody_vouches_for_is_told_anything() {
    let (address, believed) = encrypted(&["localhost"]);
    assert_eq!(ask_encrypted(address, believed).unwrap(), b"1");
    // Nobody knows who signed for this one.
    let (address, _) = encrypted(&["localhost"]);
    let (_, others) = encrypted(&["localhost"]);
    let said = ask_encrypted(address, others).unwrap_err().to_string();
    assert!(said.contains("certificate"), "{said}");
    // And this one is vouched for under another name.
    let (address, believed) = encrypted(&["score.example.com"]);
    let said = ask_encrypted(address, believed).unwrap_err().to_string();
    assert!(said.contains("certificate"), "{said}");
}
