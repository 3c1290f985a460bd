/*!
Where datafog lives, what its settings say, and the world it was started in.

Everything that depends on the machine is asked for here and handed on as values: the process
([`Host`]), the installation's folders ([`Layout`]), its settings ([`Settings`]), its key. This crate judges no action and
knows no policy. It does know whom to trust: a folder or file that others could change is refused.
*/

mod change;
mod env_vars;
mod error;
mod host;
mod identity;
mod key;
mod layout;
mod passwd;
mod path_setup;
mod remote;
mod settings;
mod settings_file;
mod small_file;
mod trust;
mod users;

pub use change::{Change, ChangeKind, make_folder};
pub use env_vars::{EnvVar, EnvVars};
pub use error::Error;
pub use host::Host;
pub use identity::{FileIdentity, Identity};
pub use key::{load_key, load_or_create_key, passing_key};
pub use layout::Layout;
pub use passwd::{group_names, home_of, user_name};
pub use path_setup::{PathSetup, Shell, StartFileState};
pub use remote::Remote;
pub use settings::{Hook, Limits, Receipts, Scorer, Settings, Taint};
pub use settings_file::SettingsFile;
pub use small_file::{open_small, read_private, read_small};
pub use trust::{Trust, Trusted};
pub use users::Users;
