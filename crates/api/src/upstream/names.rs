//! What names lead to.

use core::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::OnceCell;

use super::network::Networks;

type Failed = Box<dyn core::error::Error + Send + Sync>;

/// Names are looked up in Rust, and lead to public addresses or to listed networks.
pub(crate) struct Names(Arc<Inner>);

struct Inner {
    networks: Networks,
    resolver: OnceCell<hickory_resolver::TokioResolver>,
}

impl Names {
    /// Names that may lead into these networks besides.
    pub(crate) fn of(networks: Networks) -> Self {
        Self(Arc::new(Inner { networks, resolver: OnceCell::new() }))
    }

    /// The same for a client.
    pub(crate) fn new(networks: Networks) -> Arc<Self> {
        Arc::new(Self::of(networks))
    }

    /// The addresses of a name that may be asked, at least one.
    pub(crate) async fn found(&self, name: &str) -> Result<Vec<IpAddr>, Failed> {
        self.0.found(name).await
    }
}

impl Inner {
    async fn found(&self, name: &str) -> Result<Vec<IpAddr>, Failed> {
        let made = || async { hickory_resolver::TokioResolver::builder_tokio()?.build() };
        let found = self.resolver.get_or_try_init(made).await?.lookup_ip(name).await?;
        let found: Vec<IpAddr> =
            found.iter().filter(|address| self.networks.may(*address)).collect();
        match found.is_empty() {
            true => Err("it leads to no address that may be asked".into()),
            false => Ok(found),
        }
    }
}

impl Resolve for Names {
    fn resolve(&self, name: Name) -> Resolving {
        let inner = Arc::clone(&self.0);
        Box::pin(async move {
            let found = inner.found(name.as_str()).await?;
            let found = found.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(found) as Addrs)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_name_that_leads_inside_is_not_asked() {
        // The hosts file of every machine names this one.
        let names = |networks: &str| Names::of(Networks::parse(networks).unwrap());
        let ask = async |names: Names| names.resolve("localhost".parse().unwrap()).await;
        let Err(refused) = ask(names("")).await else {
            panic!("this machine is no public address")
        };
        assert!(refused.to_string().contains("no address that may be asked"), "{refused}");
        assert!(ask(names("127.0.0.0/8, ::1/128")).await.is_ok());
    }
}
