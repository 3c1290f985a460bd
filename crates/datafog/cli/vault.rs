//! A file that remembers what made-up names stand for, encrypted with this installation's key.
//!
//! `datafog-vault-1` and a line feed, 16 random bytes, 12 random bytes, and what AES-256-GCM (NIST SP
//! 800-38D) makes of the names and values. The key is made of the installation's key and the first
//! random bytes, which are new each time the file is written, so no key meets a nonce twice.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use aes_gcm::aead::{Aead, Payload};
use aes_gcm::{Aes256Gcm, KeyInit};
use anyhow::{Context, Result};
use datafog_core::{Key, Secret};
use datafog_redact::Vault;
use nix::fcntl::{Flock, FlockArg};

use crate::exit_code::ExitCode;
use crate::report::Advised;

/// What every vault begins with; also vouched for by the encryption.
const HEAD: &[u8] = b"datafog-vault-1\n";

/// Largest vault that is read, in bytes.
const MOST: u64 = 256 << 20;

/// Names and what they stand for.
type Names = BTreeMap<String, Vec<u8>>;

/// An open vault; nobody else can change it meanwhile.
#[derive(Debug)]
pub(super) struct VaultFile {
    path: PathBuf,
    names: Names,
    has_new: bool,
    /// Held until the vault is closed.
    _lock: Flock<File>,
}

impl VaultFile {
    /// Opens the vault at `path`, or an empty one when nothing is there; waits for others who use it.
    pub(super) fn open(path: &Path, key: &Key) -> Result<Self> {
        let _lock = lock(path)?;
        let names = match File::open(path) {
            Ok(file) => read(file, path, key)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Names::new(),
            Err(error) => return Err(error).with_context(|| cannot("read", path)),
        };
        Ok(Self { path: path.to_owned(), names, has_new: false, _lock })
    }

    /// What a name stands for.
    pub(super) fn value(&self, name: &str) -> Option<&[u8]> {
        self.names.get(name).map(Vec::as_slice)
    }

    /// How many names it knows.
    pub(super) fn len(&self) -> usize {
        self.names.len()
    }

    /// Writes it, when something is new.
    pub(super) fn close(self, key: &Key) -> Result<()> {
        if !self.has_new {
            return Ok(());
        }
        let plain = Secret::new(postcard::to_allocvec(&self.names)?);
        let mut salt_and_nonce = [0_u8; 28];
        File::open("/dev/urandom")?.read_exact(&mut salt_and_nonce)?;
        let cipher = sealed(key, &salt_and_nonce, plain.expose())?;
        let temporary = beside(&self.path, ".new");
        let written = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&temporary)
            .and_then(|mut file| {
                file.write_all(&[HEAD, &salt_and_nonce, &cipher].concat())?;
                file.sync_all()
            })
            .and_then(|()| std::fs::rename(&temporary, &self.path));
        written.with_context(|| cannot("write", &self.path))
    }
}

impl Vault for VaultFile {
    /// Eight digits are few: a name that stands for another value gets a number behind it.
    fn name(&mut self, value: &[u8], usual: &str) -> String {
        let mut name = usual.to_owned();
        for number in 2_u64.. {
            match self.names.get(&name) {
                Some(known) if known == value => break,
                Some(_) => name = format!("{usual}-{number}"),
                None => {
                    self.names.insert(name.clone(), value.to_vec());
                    self.has_new = true;
                    break;
                }
            }
        }
        name
    }
}

/// The names in an open vault.
fn read(file: File, path: &Path, key: &Key) -> Result<Names> {
    let mut bytes = Vec::new();
    file.take(MOST).read_to_end(&mut bytes).with_context(|| cannot("read", path))?;
    let strange = || Advised {
        message: format!("`{}` is no vault of this installation", path.display()),
        hint: "name the file that --vault wrote, on the machine that wrote it".to_owned(),
        code: ExitCode::Invalid,
    };
    let body = bytes.strip_prefix(HEAD).and_then(|body| body.split_first_chunk::<28>());
    let (salt_and_nonce, cipher) = body.ok_or_else(strange)?;
    let plain = opened(key, salt_and_nonce, cipher).ok_or_else(strange)?;
    Ok(postcard::from_bytes(plain.expose()).map_err(|_| strange())?)
}

fn sealed(key: &Key, salt_and_nonce: &[u8; 28], plain: &[u8]) -> Result<Vec<u8>> {
    let (salt, nonce) = parts(salt_and_nonce);
    let payload = Payload { msg: plain, aad: HEAD };
    let sealed = cipher(key, salt).encrypt((&nonce).into(), payload);
    sealed.map_err(|_| anyhow::anyhow!("the vault cannot be encrypted"))
}

fn opened(key: &Key, salt_and_nonce: &[u8; 28], cipher_text: &[u8]) -> Option<Secret<Vec<u8>>> {
    let (salt, nonce) = parts(salt_and_nonce);
    let payload = Payload { msg: cipher_text, aad: HEAD };
    cipher(key, salt).decrypt((&nonce).into(), payload).ok().map(Secret::new)
}

fn parts(salt_and_nonce: &[u8; 28]) -> (&[u8], [u8; 12]) {
    let (salt, rest) = salt_and_nonce.split_at(16);
    let mut nonce = [0; 12];
    nonce.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    (salt, nonce)
}

fn cipher(key: &Key, salt: &[u8]) -> Aes256Gcm {
    Aes256Gcm::new(key.digest("vault", [salt]).as_bytes().into())
}

fn lock(path: &Path) -> Result<Flock<File>> {
    let path = beside(path, ".lock");
    let mut options = OpenOptions::new();
    let file = options.write(true).create(true).truncate(false).mode(0o600).open(&path);
    let file = file.with_context(|| cannot("lock", &path))?;
    Flock::lock(file, FlockArg::LockExclusive)
        .map_err(|(_, error)| error)
        .with_context(|| cannot("lock", &path))
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

fn cannot(what: &str, path: &Path) -> String {
    format!("cannot {what} `{}`", path.display())
}
