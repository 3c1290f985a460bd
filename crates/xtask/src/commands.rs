//! Lines of commands: what costs most to read of those that `datafog scan` looks for secrets in.

/// Templates of short lines, each expanded with other random characters until a text is long.
pub(crate) const LINES: [&str; 19] = [
    "mysql -u{lower:4} -p{base62:10} db\n",
    "mysql -u {lower:4} {lower:5}\n",
    "mysql <<E{lower:3}\n",
    "redis-cli -a {base62:12}\n",
    "docker run -p 80:80 {lower:5}\n",
    "docker login -u {lower:4} -p {base62:12} host\n",
    // In two pieces, so that this line holds no secret itself.
    concat!("curl -u ann", ":{base62:10} https://{lower:6}.com/\n"),
    "git commit -m \"{lower:5} {lower:4}\"\n",
    "cargo build --{lower:4}\n",
    "echo {lower:4} | sudo -S {lower:3}\n",
    "PGPASSWORD={base62:10} psql -h {lower:5}\n",
    "sudo env A={lower:3} mysql -p{base62:6}\n",
    "bash -c \"mysql -p{base62:8}\"\n",
    "ssh {lower:4} mysql -p{base62:8}\n",
    "\"command\": \"mysql -p{base62:8}\",\n",
    "[\"mysql\", \"-p{base62:8}\"],\n",
    "helm install {lower:4} --set db.password={base62:10}\n",
    "- run: cargo test {lower:4}\n",
    "npm install {lower:7}\n",
];

/// Units of lines as long as lines are looked at, behind an option.
pub(crate) const UNITS: [&str; 21] = [
    " ",
    "=",
    "x ",
    "-a ",
    "-pX ",
    "mysql ",
    "mysql|",
    "mysql;",
    "(mysql",
    "`mysql` ",
    "* ",
    ": mysql",
    ": A=b ",
    "\"a b\" ",
    "\"mysql -a b\" ",
    "echo a|sudo -S;",
    "sh -c 'mysql -pX' ",
    "sess=b;",
    "(~/",
    "(/x",
    "(A=b",
];

/// Bytes of such a line, which is looked at as a whole.
const LONG: usize = 8_000;

/// Lines of one of the [`UNITS`], one as the other, of so many bytes together.
pub(crate) fn long_lines(unit: &str, length: usize) -> Vec<u8> {
    let line = b"mysql -a ".iter().copied().chain(unit.bytes().cycle()).take(LONG);
    line.chain([b'\n']).collect::<Vec<u8>>().into_iter().cycle().take(length).collect()
}
