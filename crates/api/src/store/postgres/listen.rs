//! What other replicas tell: the database hands on that the chain grew (`NOTIFY`).
//!
//! It is a hint and no more. Who was told reads the chain, and looks at it now and then in any case:
//! while the connection is gone nothing is told, and nothing is lost.

use core::future::poll_fn;
use core::time::Duration;

use tokio::sync::watch;
use tokio_postgres::tls::MakeTlsConnect;
use tokio_postgres::{AsyncMessage, Config, NoTls, Socket};

use super::tls::Secured;
use crate::store::Error;

/// How long until it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens until nobody wants to know any more.
pub(super) async fn run((settings, secured): (Config, Option<Secured>), grown: watch::Sender<()>) {
    let listening = async || match secured.clone() {
        Some(secured) => listen(&settings, secured, &grown).await,
        None => listen(&settings, NoTls, &grown).await,
    };
    loop {
        let ended = tokio::select! {
            ended = listening() => ended,
            () = grown.closed() => return,
        };
        // Whatever came to pass meanwhile was not told.
        grown.send_replace(());
        drop(ended);
        tokio::time::sleep(AGAIN).await;
    }
}

/// Listens until the connection ends.
async fn listen<T: MakeTlsConnect<Socket>>(
    settings: &Config,
    way: T,
    grown: &watch::Sender<()>,
) -> Result<(), Error> {
    let (client, mut connection) = settings.connect(way).await?;
    let hear = async {
        while let Some(message) = poll_fn(|context| connection.poll_message(context)).await {
            if let AsyncMessage::Notification(_) = message? {
                grown.send_replace(());
            }
        }
        Ok(())
    };
    let begin = async {
        client.batch_execute("LISTEN datafog_chain").await?;
        // What was added before this moment was told to nobody here.
        grown.send_replace(());
        core::future::pending().await
    };
    tokio::select! {
        ended = hear => ended,
        refused = begin => refused,
    }
}
