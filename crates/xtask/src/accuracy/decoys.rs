//! What looks like a secret or like personal data and is none.

use super::random::{BASE32, BASE62, BASE64, BASE64_URL, HEX, Random, base64, crc32, luhn};

/// One kind of decoy: a whole line, in which nothing may be found.
pub(super) struct Decoy {
    pub(super) name: &'static str,
    pub(super) line: fn(&mut Random) -> String,
}

const fn decoy(name: &'static str, line: fn(&mut Random) -> String) -> Decoy {
    Decoy { name, line }
}

fn uuid(r: &mut Random) -> String {
    let end = r.text(HEX, 12);
    format!("{}-{}-4{}-a{}-{end}", r.text(HEX, 8), r.text(HEX, 4), r.text(HEX, 3), r.text(HEX, 3))
}

/// A name that promises a secret.
fn secret_name(r: &mut Random) -> &'static str {
    let names = ["password", "api_key", "secret", "token", "clientSecret", "db_password", "apiKey"];
    names.get(r.below(names.len())).copied().unwrap_or_default()
}

/// Every kind of decoy, by name.
pub(super) const DECOYS: &[Decoy] = &[
    decoy("base64 image", |r| {
        let mut bytes = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR".to_vec();
        bytes.extend(r.bytes(120));
        format!("background: url(data:image/png;base64,{});", base64(&bytes, BASE64, true))
    }),
    decoy("card with a wrong check digit", |r| {
        let body = format!("4{}", r.digits(14));
        let wrong = (luhn(&body) + 1) % 10;
        format!("order reference {body}{wrong}")
    }),
    decoy("checksum of a lock file", |r| match r.below(4) {
        0 => format!("checksum = \"{}\"", r.text(HEX, 64)),
        1 => format!("  integrity sha512-{}", base64(&r.bytes(64), BASE64, true)),
        2 => {
            format!("github.com/a/b v1.{}.0 h1:{}", r.below(40), base64(&r.bytes(32), BASE64, true))
        }
        _ => format!("    --hash=sha256:{}", r.text(HEX, 64)),
    }),
    decoy("checksum-broken github token", |r| {
        let body = r.text(BASE62, 30);
        // Whatever the checksum is, it does not have two letters that are the same six times.
        format!("token {}{body}{}", "ghp_", r.pick(&["AAAAAA", "zzzzzz", "000000"]))
    }),
    decoy("checksum-broken npm token", |r| format!("{}{}111111", "npm_", r.text(BASE62, 30))),
    decoy("commit", |r| format!("commit {} (tag: v2.{}.1)", r.text(HEX, 40), r.below(20))),
    decoy("container digest", |r| format!("FROM debian@sha256:{}", r.text(HEX, 64))),
    decoy("content hash", |r| format!("/static/app.{}.min.js", r.text(HEX, 20))),
    decoy("date", |r| {
        format!("released 20{:02}-0{}-1{}", r.below(30), r.between(1, 9), r.below(10))
    }),
    decoy("documented example key", |_| {
        format!("AWS_ACCESS_KEY_ID={}{}", "AKIAIOSFODNN7", "EXAMPLE")
    }),
    decoy("documented example secret", |_| {
        format!("aws_secret_access_key = {}{}", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY", "EXAMPLEKEY")
    }),
    decoy("epoch", |r| match r.below(3) {
        0 => format!("\"created_at\": 17{}", r.digits(8)),
        1 => format!("ts=17{} level=info", r.digits(11)),
        _ => format!("expires 17{}.{}", r.digits(8), r.digits(3)),
    }),
    decoy("etag", |r| format!("ETag: \"{}\"", r.text(HEX, 32))),
    decoy("fingerprint of a key", |r| {
        format!("256 SHA256:{} deploy (ED25519)", base64(&r.bytes(32), BASE64, false))
    }),
    decoy("function call", |r| match r.below(4) {
        0 => "password = getpass.getpass(prompt)".to_owned(),
        1 => "const token = await fetchToken(user.id);".to_owned(),
        2 => "api_key = os.environ[\"SERVICE_API_KEY\"]".to_owned(),
        _ => "secret := viper.GetString(\"auth.secret\")".to_owned(),
    }),
    decoy("go directive", |r| format!("require golang.org/x/net v0.{}.0", r.below(60))),
    decoy("head inside a word", |r| match r.below(3) {
        0 => format!("TODAYIN{}SACKOFRICE", "ASIAA"),
        1 => format!("task{}{}", "_live_", r.pick(&["updates_channel_name", "reload_on_change"])),
        _ => format!("risk-{}", "assessment-of-every-single-vendor-this-year"),
    }),
    decoy("isbn", |r| format!("ISBN 978-3-{}-{}-{}", r.digits(4), r.digits(4), r.digits(1))),
    decoy("key-like word", |r| {
        r.pick(&[
            "the monkey patched the keyboard handler of the tokenizer",
            "passenger: window seat, secretary: on leave",
            "authority = regional; keystone = arch",
            "token_type: identifier",
            "max_tokens = 4096",
            "password_field_label = \"Enter your password\"",
        ])
        .to_owned()
    }),
    decoy("minified code", |r| {
        format!(
            "!function(e,t){{var n={{}};function r(o){{if(n[o])return n[o].exports}}e.{}=t.{}}}({},[]);",
            r.text("abcdefghijklmnop", 2),
            r.text("abcdefghijklmnop", 3),
            r.below(900)
        )
    }),
    decoy("mime boundary", |r| format!("boundary=----WebKitFormBoundary{}", r.text(BASE62, 16))),
    decoy("part number", |r| {
        format!("P/N 44{}-{}-{} rev B", r.digits(2), r.digits(3), r.digits(2))
    }),
    decoy("placeholder", |r| {
        let value = r.pick(&[
            "changeme",
            "${PASSWORD}",
            "<your-password>",
            "xxxxxxxx",
            "********",
            "{{ password }}",
            "YOUR_API_KEY",
            "REPLACE_ME",
            "todo",
            "null",
            "example",
            "%PASSWORD%",
            "$(cat secret)",
            "op://vault/item/field",
            "${{ secrets.TOKEN }}",
            "insert-key-here",
            "...",
            "none",
            "dummy",
            "{password}",
        ]);
        format!("password = \"{value}\"")
    }),
    decoy("port and pid", |r| format!("pid {} listening on port {}", r.digits(6), r.digits(4))),
    decoy("price", |r| format!("total: 1,{}.{} EUR", r.digits(3), r.digits(2))),
    decoy("private address", |r| format!("listen 192.168.{}.{}", r.below(255), r.between(1, 254))),
    decoy("public certificate", |r| {
        format!(
            "-----BEGIN CERTIFICATE-----\nMIID{}\n-----END CERTIFICATE-----",
            r.text(BASE64, 60)
        )
    }),
    decoy("public ssh key", |r| {
        format!("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{} deploy", r.text(BASE64, 43))
    }),
    decoy("row id of 9 or 10 digits", |r| match r.below(4) {
        0 => format!("\"tabId\": {}{}", r.between(1, 9), r.digits(8)),
        1 => format!("user_id={}{}", r.between(1, 9), r.digits(9)),
        2 => format!("row {}{} updated", r.between(1, 9), r.digits(9)),
        _ => format!("order #{}{}", r.between(1, 9), r.digits(8)),
    }),
    decoy("source map", |r| format!("//# sourceMappingURL=app.{}.js.map", r.text(HEX, 8))),
    decoy("ssh remote", |r| format!("git@git.internal:team/repo-{}.git", r.below(90))),
    decoy("stripe publishable key", |r| format!("pk_live_{}", r.text(BASE62, 24))),
    decoy("trace id", |r| format!("traceparent: 00-{}-{}-01", r.text(HEX, 32), r.text(HEX, 16))),
    decoy("type annotation", |_| {
        "def login(password: str, token: Optional[str] = None): ...".to_owned()
    }),
    decoy("uuid", |r| {
        let name = r.pick(&["id", "request_id", "api_key_id", "session", "tenant"]);
        format!("{name}: {}", uuid(r))
    }),
    decoy("version", |r| match r.below(3) {
        0 => format!("version 1.{}.{}.{}", r.below(20), r.below(20), r.below(20)),
        1 => format!("\"version\": \"10.{}.{}\"", r.below(20), r.below(200)),
        _ => format!("openssl-3.0.{}-r{}", r.below(20), r.below(9)),
    }),
    decoy("word list of a name", |r| {
        format!("kubernetes.io/{}", r.pick(&["tls-acme", "ingress-class"]))
    }),
    decoy("variable, call or lookup under a secret name", |r| {
        let name = secret_name(r);
        r.pick(&[
            "{k} = self.{k}",
            "{k} = options[\"{k}\"]",
            "{k}: config.{k},",
            "{k} = get_{k}()",
            "var {k} = Configuration[\"{k}\"];",
            "{k} = input(\"Enter {k}: \")",
            "{k} = crypto.randomBytes(32)",
            "{k} = models.CharField(max_length=128)",
            "if {k} == None:",
            "assert {k} == expected",
            "const {k}Input = document.getElementById(\"{k}\")",
            "{k} = new {k}Provider()",
        ])
        .replace("{k}", name)
    }),
    decoy("template or store under a secret name", |r| {
        let name = secret_name(r);
        r.pick(&[
            "{k}: \"{{ {k} }}\"",
            "{k}: ${{ secrets.TOKEN }}",
            "{k} = \"%({k})s\"",
            "{k}=${{k}:-}",
            "{k}: !vault |",
            "{k} = var.{k}",
            "{k}: arn:aws:secretsmanager:us-east-1:1:secret:db-a1b2c3",
            "{k}: /run/secrets/{k}",
            "{k}: ENC[AES256_GCM,data:k3J9xQ2mZ7pL,iv:vB8nR5tk,tag:9xQ2mZ,type:str]",
            "{k} = <%= ENV[\"{k}\"] %>",
        ])
        .replace("{k}", name)
    }),
    decoy("type, field or text of a secret name", |r| {
        let name = secret_name(r);
        r.pick(&[
            "{k}: string;",
            "{k}: Optional[str] = None",
            "private String {k};",
            "{k} VARCHAR(255) NOT NULL",
            "\"{k}\": {\"type\": \"string\"}",
            "\"{k}\": \"Please enter your {k}\"",
            "<label for=\"{k}\">{k}</label>",
            "<input name=\"{k}\" placeholder=\"{k}\">",
            "| {k} | string | The {k} to use |",
            "  --{k} STRING   the {k} to use",
            "the {k} must be at least 8 characters",
            "{k}_length = 32",
            "{k}Label = \"Enter your {k}\"",
            "prompt = \"{}'s {k}: \".format(user.name)",
        ])
        .replace("{k}", name)
    }),
    decoy("hash or id of a secret name", |r| {
        let name = secret_name(r);
        match r.below(4) {
            0 => format!("{name}_hash = \"{}\"", r.text(HEX, 40)),
            1 => format!("{name}_id: {}", uuid(r)),
            2 => format!("cache_key = \"{}\"", r.text(HEX, 32)),
            _ => format!("public_key = \"{}\"", base64(&r.bytes(32), BASE64, true)),
        }
    }),
    decoy("qualified name", |r| {
        r.pick(&[
            "new M.Token(\"@scope/workspaces:IWorkspaceCommands\", \"A service\")",
            "\"secret\": \"V1SecretProjection\",",
            "\"output_token\": \"Clusters[0].NodeName\",",
            "pub GetCredentials: SpGetCredentialsFn,",
            "'Test2::Event::Pass' => '1.302183',",
            "return ok ? \"PASS\" : \"FAIL\";",
        ])
        .to_owned()
    }),
    decoy("output of an agent's tool", |r| {
        let (nine, ten) = (
            format!("{}{}", r.between(1, 9), r.digits(8)),
            format!("{}{}", r.between(1, 9), r.digits(9)),
        );
        match r.below(8) {
            0 => format!("{{\"id\": {ten}, \"status\": \"ok\"}}"),
            1 => format!("\"phone_id\": {ten}"),
            2 => format!("{nine}\t{ten}\tactive"),
            3 => format!("run {nine}/{ten} finished"),
            4 => format!("https://x.test/items/{nine}"),
            5 => format!("[{nine}, {ten}, {nine}]"),
            6 => format!("Invoice No. {nine}"),
            _ => format!("seq {nine}..{ten}"),
        }
    }),
    decoy("base32 text", |r| format!("build label {}", r.text(BASE32, 8))),
    decoy("crc", |r| format!("crc32 {:08x}", crc32(r.text(BASE62, 8).as_bytes()))),
    decoy("nonce", |r| format!("<script nonce=\"{}\">", r.text(BASE64_URL, 22))),
];
