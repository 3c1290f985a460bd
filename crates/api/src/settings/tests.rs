//! Layers, values, and what is refused.

use super::*;

fn read(
    flags: &[(&'static str, &str)],
    variables: &[(&str, &str)],
    file: &str,
) -> Result<Settings, Error> {
    let flags = flags.iter().map(|(name, value)| (*name, (*value).to_owned()));
    let variable = |name: &str| {
        let found = variables.iter().find(|(known, _)| *known == name);
        found.map(|(_, value)| (*value).to_owned())
    };
    let said = Said::default().by_flags(flags).by_variables(variable)?;
    said.by_file(Path::new("/x/server.toml"), file)?.settings(PathBuf::from("/x/server.db"))
}

fn problem(flags: &[(&'static str, &str)], variables: &[(&str, &str)], file: &str) -> String {
    read(flags, variables, file).unwrap_err().to_string()
}

#[test]
fn names_are_sorted_and_unique() {
    assert!(SETTINGS.is_sorted_by(|one, two| one.name < two.name));
    assert!(WITHOUT_MEANING.is_sorted_by(|one, two| one.0 < two.0));
    for setting in SETTINGS {
        assert!(WITHOUT_MEANING.iter().all(|(name, _)| *name != setting.variable));
    }
}

#[test]
fn a_server_that_is_told_nothing_is_for_this_machine_alone() {
    let settings = read(&[], &[], "").unwrap();
    assert_eq!(settings.address, value::here());
    assert!(!settings.anonymous && !settings.allow_plain && settings.token.is_none());
    assert!(matches!(settings.store, Place::File(path) if path == Path::new("/x/server.db")));
    assert_eq!(settings.patience.request, Duration::from_secs(15));
}

#[test]
fn a_flag_wins_over_a_variable_and_that_over_the_file() {
    let variables =
        [("DATAFOG_RATE_LIMIT_RPS", "2"), ("DATAFOG_JUDGES", "3"), ("DATAFOG_HOSTS", "")];
    let file = "rate_limit_rps = 4\njudges = 5\nhosts = [\"a.test\", \"b.test\"]\nanonymous = true";
    let settings = read(&[("rate_limit_rps", "1")], &variables, file).unwrap();
    assert_eq!((settings.rate, settings.judges), (1, 3));
    assert_eq!(settings.hosts, ["a.test", "b.test"], "an empty variable says nothing");
    assert!(settings.anonymous);
}

#[test]
fn a_bad_value_is_an_error_that_names_where_it_was_said() {
    for (name, value, named) in [
        ("addr", "nonsense", "`--addr`"),
        ("addr", "unix:socket", "`--addr`"),
        ("rate_limit_rps", "-1", "`--rate-limit-rps`"),
        ("tenant_rate_limit_rps", "many", "`--tenant-rate-limit-rps`"),
        ("read_timeout", "5", "`--read-timeout`"),
        ("read_timeout", "0s", "`--read-timeout`"),
        ("idle_timeout", "99999999999999999999s", "`--idle-timeout`"),
        ("judges", "0", "`--judges`"),
        ("anonymous", "perhaps", "`--anonymous`"),
        ("hosts", "a/b", "`--hosts`"),
        ("store", "mysql://x", "`--store`"),
    ] {
        let told = problem(&[(name, value)], &[], "");
        assert!(told.starts_with(named) && (value.len() < 3 || !told.contains(value)), "{told}");
    }
    let told = problem(&[], &[("DATAFOG_API_TOKEN", "short-secret")], "");
    assert!(told.starts_with("`DATAFOG_API_TOKEN`") && !told.contains("short-secret"), "{told}");
    let told = problem(&[], &[], "judges = 1.5");
    assert!(told.contains("`judges` in `/x/server.toml`"), "{told}");
    assert!(problem(&[], &[], "adress = 'x'").contains("`adress`"));
    assert!(problem(&[], &[], "nonsense").contains("/x/server.toml"));
}

#[test]
fn what_the_original_was_told_and_has_no_meaning_here_is_refused() {
    for (name, _) in WITHOUT_MEANING {
        let told = problem(&[], &[(name, "x")], "");
        assert!(told.contains(name), "{told}");
    }
}

#[test]
fn what_belongs_together_comes_together() {
    assert!(problem(&[("tls_cert", "/c.pem")], &[], "").contains("tls_key"));
    assert!(problem(&[("addr", ":8080"), ("anonymous", "1")], &[], "").contains("anonymous"));
    let both = read(&[("tls_cert", "/c.pem"), ("tls_key", "/k.pem")], &[], "").unwrap();
    assert!(both.tls.is_some());
}

#[test]
fn times_are_those_of_go() {
    for (text, milliseconds) in
        [("5s", 5000), ("1m30s", 90_000), ("250ms", 250), ("2h", 7_200_000), ("1d", 86_400_000)]
    {
        assert_eq!(duration(text), Ok(Duration::from_millis(milliseconds)), "{text}");
    }
    for text in ["", "5", "s", "-5s", "5x", "1.5s", "0s", "5s5"] {
        assert!(duration(text).is_err(), "{text}");
    }
    let patience =
        read(&[("idle_timeout", "9s"), ("read_timeout", "2s")], &[], "").unwrap().patience;
    assert_eq!(
        (patience.head, patience.request),
        (Duration::from_secs(9), Duration::from_secs(12))
    );
}

#[test]
fn addresses_are_those_of_the_original_and_more() {
    for (text, is_here) in [
        ("127.0.0.1:0", true),
        ("localhost:80", true),
        ("[::1]:80", true),
        ("unix:/run/x", true),
        (":8080", false),
        ("0.0.0.0:80", false),
        ("192.0.2.1:80", false),
    ] {
        assert_eq!(value::address(text).unwrap().is_of_this_machine(), is_here, "{text}");
    }
}

#[test]
fn nothing_that_prints_settings_prints_their_secrets() {
    let variables = [
        ("DATAFOG_API_TOKEN", "a-token-of-some-length"),
        ("DATAFOG_STORE", "postgres://u:pass@h/d"),
        ("SMTP_SECRET_KEY", "a-secret-of-some-length"),
    ];
    let shown = format!("{:?}", read(&[], &variables, "").unwrap());
    assert!(
        !shown.contains("a-token") && !shown.contains("pass@") && !shown.contains("a-secret"),
        "{shown}"
    );
}

#[test]
fn the_page_names_every_setting_as_it_is() {
    let page = include_str!("../../../../docs/SERVER.md");
    let is_row = |line: &&str| {
        SETTINGS.iter().any(|setting| line.contains(&format!("| `{}` |", setting.variable)))
    };
    let rows: Vec<&str> = page.lines().filter(is_row).collect();
    let expected = SETTINGS.iter().map(|Setting { name, variable, has_flag, does }| {
        let flag =
            if *has_flag { format!("`--{}`", name.replace('_', "-")) } else { String::from("–") };
        format!("| `{name}` | {flag} | `{variable}` | {does} |")
    });
    assert_eq!(rows, expected.collect::<Vec<_>>());
}
