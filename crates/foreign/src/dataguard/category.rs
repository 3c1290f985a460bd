//! Categories of tools: stated by the caller, and inferred, so that a lie does not help.

use crate::call::Call;
use crate::names::{self, Class};

/// The original's categories.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Category {
    Auth,
    CodeExecution,
    Database,
    FileSystem,
    HttpRequest,
    MessageSend,
    Payment,
    Unknown,
}

impl Category {
    pub(crate) const ALL: [(&'static str, Self); 8] = [
        ("auth", Self::Auth),
        ("code_execution", Self::CodeExecution),
        ("database", Self::Database),
        ("file_system", Self::FileSystem),
        ("http_request", Self::HttpRequest),
        ("message_send", Self::MessageSend),
        ("payment", Self::Payment),
        ("unknown", Self::Unknown),
    ];

    /// Words in a tool's name that tell it.
    pub(crate) fn words(self) -> &'static [&'static str] {
        WORDS.iter().find(|(known, _)| *known == self).map_or(&[], |(_, words)| words)
    }

    const fn of(inferred: datafog_core::Category) -> Self {
        match inferred {
            datafog_core::Category::Auth => Self::Auth,
            datafog_core::Category::CodeExecution => Self::CodeExecution,
            datafog_core::Category::Database => Self::Database,
            datafog_core::Category::FileSystem => Self::FileSystem,
            datafog_core::Category::HttpRequest => Self::HttpRequest,
            datafog_core::Category::MessageSend => Self::MessageSend,
            datafog_core::Category::Payment => Self::Payment,
        }
    }

    fn stated(call: &Call) -> Option<Self> {
        let stated = call.category.trim().to_lowercase();
        Self::ALL.iter().find(|(name, _)| *name == stated).map(|(_, category)| *category)
    }
}

/// Words in a tool's name that tell what it does.
const WORDS: &[(Category, &[&str])] = &[
    (
        Category::Payment,
        &[
            "charge", "checkout", "invoice", "pay", "payment", "payments", "payout", "purchase",
            "refund", "transfer", "wire",
        ],
    ),
    (
        Category::Auth,
        &[
            "apikey",
            "auth",
            "credential",
            "credentials",
            "grant",
            "iam",
            "login",
            "mfa",
            "oauth",
            "password",
            "permission",
            "permissions",
            "revoke",
            "role",
            "roles",
        ],
    ),
    (Category::MessageSend, &["email", "mail", "message", "notify", "sms"]),
    (Category::Database, &["database", "db", "query", "sql"]),
    (Category::HttpRequest, &["fetch", "http", "request", "webhook"]),
    (Category::FileSystem, &["directory", "file", "files", "folder"]),
    (Category::CodeExecution, &["bash", "exec", "execute", "shell", "terminal"]),
];

/// Every category that the call may be of: the stated one, what the gate read out of its arguments,
/// and all that its name tells.
pub(crate) fn of(call: &Call, tool: &str) -> Vec<Category> {
    let mut all: Vec<Category> = Category::stated(call).into_iter().collect();
    all.extend(call.inferred.iter().copied().map(Category::of));
    let by_class = names::likely(tool).map(|class| match class {
        Class::Database => Category::Database,
        Class::Http => Category::HttpRequest,
        Class::Mail => Category::MessageSend,
        Class::Read | Class::Write => Category::FileSystem,
        Class::Shell => Category::CodeExecution,
    });
    all.extend(by_class);
    let lower = tool.to_lowercase();
    let words: Vec<&str> = lower.split(|letter: char| !letter.is_alphanumeric()).collect();
    let told = WORDS.iter().filter(|(_, telling)| telling.iter().any(|word| words.contains(word)));
    all.extend(told.map(|(category, _)| *category));
    if all.is_empty() {
        all.push(Category::Unknown);
    }
    all
}
