//! Posts a document and hears the answer, unless whoever waits for it hangs up meanwhile.
//!
//! For a server that answers late: a held call waits for a person beside another way to one, and must
//! not be kept by the slower of the two. What is sent and what an answer means is the caller's business.

use std::time::Duration;

use datafog_core::Secret;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use tokio::sync::oneshot;

use crate::ask::{believed, body, bounded, client, unreached};
use crate::{Bounds, Endpoint, NoAnswer};

/// The end of who waits: dropping it ends the exchange at once.
#[derive(Debug)]
pub struct HangUp(#[expect(dead_code, reason = "it is there to be dropped")] oneshot::Sender<()>);

/// The end of who asks.
#[derive(Debug)]
pub struct Line(oneshot::Receiver<()>);

/// A line that one side can hang up.
#[must_use]
pub fn line() -> (HangUp, Line) {
    let (sender, receiver) = oneshot::channel();
    (HangUp(sender), Line(receiver))
}

impl Line {
    /// Sleeps, unless somebody hangs up. Whether nobody did.
    #[must_use]
    pub fn sleep(&mut self, length: Duration) -> bool {
        let nothing = async {
            tokio::time::sleep(length).await;
            Ok(())
        };
        matches!(bounded(self.until_hung_up(nothing), length.saturating_mul(2)), Ok(Some(())))
    }

    /// What comes of `conversation`; `None` when it was hung up.
    async fn until_hung_up<T>(
        &mut self,
        conversation: impl Future<Output = Result<T, NoAnswer>>,
    ) -> Result<Option<T>, NoAnswer> {
        tokio::select! {
            _hung_up = &mut self.0 => Ok(None),
            said = conversation => said.map(Some),
        }
    }
}

/// Posts `question`, a JSON document, as whoever `token` says that we are, and returns the body of the
/// answer; `None` when somebody hung up. As [`crate::ask()`] it asks who is named and
/// nobody else, once.
///
/// # Errors
/// Why there is no answer.
pub fn exchange(
    endpoint: &Endpoint,
    token: Option<&Secret<String>>,
    question: Vec<u8>,
    (bounds, line): (Bounds, &mut Line),
) -> Result<Option<Vec<u8>>, NoAnswer> {
    let mut request = client(endpoint, believed(endpoint)?)?
        .post(endpoint.url().clone())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .body(question);
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    let conversation = async {
        let response = request.send().await.map_err(unreached)?;
        match response.status().as_u16() {
            200 => body(response, bounds.most).await,
            other => Err(NoAnswer::Status(other)),
        }
    };
    bounded(line.until_hung_up(conversation), bounds.patience)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    fn asked(answer: Option<&'static str>) -> (Endpoint, std::thread::JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1/approvals", listener.local_addr().unwrap());
        let heard = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut bytes = [0_u8; 4096];
            let count = stream.read(&mut bytes).unwrap();
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).unwrap(),
                // Nothing is said until the other side is gone.
                None => drop(stream.read_to_end(&mut Vec::new())),
            }
            String::from_utf8_lossy(bytes.get(..count).unwrap()).into_owned()
        });
        (Endpoint::parse(&url).unwrap(), heard)
    }

    const BOUNDS: Bounds = Bounds { patience: Duration::from_secs(20), most: 1024 };

    #[test]
    fn a_document_goes_there_and_one_comes_back() {
        let (endpoint, heard) = asked(Some("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"));
        let (_hang_up, mut line) = line();
        let token = Secret::new(String::from("dfg_x"));
        let told = exchange(&endpoint, Some(&token), b"{\"a\":1}".to_vec(), (BOUNDS, &mut line));
        assert_eq!(told, Ok(Some(b"{}".to_vec())));
        assert!(heard.join().unwrap().to_lowercase().contains("authorization: bearer dfg_x"));
    }

    #[test]
    fn who_hangs_up_waits_no_longer() {
        let (endpoint, heard) = asked(None);
        let (hang_up, mut line) = line();
        let asking = std::thread::spawn(move || {
            exchange(&endpoint, None, b"{}".to_vec(), (BOUNDS, &mut line))
        });
        std::thread::sleep(Duration::from_millis(50));
        drop(hang_up);
        assert_eq!(asking.join().unwrap(), Ok(None));
        heard.join().unwrap();
    }

    #[test]
    fn another_status_is_no_answer() {
        let (endpoint, heard) = asked(Some("HTTP/1.1 409 X\r\ncontent-length: 2\r\n\r\n{}"));
        let (_hang_up, mut line) = line();
        let told = exchange(&endpoint, None, b"{}".to_vec(), (BOUNDS, &mut line));
        assert_eq!(told, Err(NoAnswer::Status(409)));
        heard.join().unwrap();
        let (hang_up, mut line) = super::line();
        drop(hang_up);
        assert!(!line.sleep(Duration::from_secs(20)));
    }
}
