//! Values of every family, made from what its issuer says about the shape; nothing here knows how
//! they are recognised.

use super::random::{
    BASE32, BASE36, BASE62, BASE64, BASE64_URL, HEX, LOWER, Random, UPPER, base64, crc32, in_digits,
};

/// What a family is for the bars that it has to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// Secrets with a shape or a checksum of their own.
    Structured,
    /// Passwords and keys that only their surroundings betray.
    Generic,
    /// Personal data.
    Personal,
}

/// One kind of value.
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) class: Class,
    /// A name to which such a value is assigned.
    pub(super) key: &'static str,
    /// Makes one; `«…»` marks the secret where it is not all.
    pub(super) make: fn(&mut Random) -> String,
}

const fn structured(
    name: &'static str,
    key: &'static str,
    make: fn(&mut Random) -> String,
) -> Family {
    Family { name, class: Class::Structured, key, make }
}

/// Secrets with a shape, by name.
pub(super) const STRUCTURED: &[Family] = &[
    structured("airtable token", "airtable_token", |r| {
        format!("pat{}.{}", r.text(BASE62, 14), r.text(HEX, 64))
    }),
    structured("anthropic key", "anthropic_api_key", |r| {
        format!("sk-ant-{}03-{}AA", "api", r.text(BASE64_URL, 93))
    }),
    structured("aws access key id", "aws_access_key_id", |r| {
        // Documented keys carry a number of the account; new ones begin with a letter after it.
        format!("{}{}{}", r.pick(&["AKIA", "ASIA"]), "Z", r.text(BASE32, 15))
    }),
    structured("azure storage key", "connection", |r| {
        format!(
            "DefaultEndpointsProtocol=https;AccountName=store{};AccountKey=«{}»;EndpointSuffix=core.windows.net",
            r.digits(4),
            base64(&r.bytes(64), BASE64, true)
        )
    }),
    structured("cloudflare token", "cloudflare_api_token", |r| {
        let body = r.text(BASE62, 40);
        let sum = crc32(body.as_bytes());
        format!("cfut_{body}{sum:08x}")
    }),
    structured("databricks token", "databricks_token", |r| format!("dapi{}", r.text(HEX, 32))),
    structured("digitalocean token", "do_token", |r| format!("dop_v1_{}", r.text(HEX, 64))),
    structured("discord bot token", "discord_token", |r| {
        let id = format!("{}{}", r.between(1, 9), r.digits(17));
        format!(
            "{}.{}.{}",
            base64(id.as_bytes(), BASE64_URL, false),
            r.text(BASE62, 6),
            r.text(BASE64_URL, 38)
        )
    }),
    structured("docker token", "docker_token", |r| format!("dckr_pat_{}", r.text(BASE64_URL, 27))),
    structured("doppler token", "doppler_token", |r| format!("dp.pt.{}", r.text(BASE62, 43))),
    structured("dynatrace token", "dynatrace_token", |r| {
        format!("dt0c01.{}.{}", r.text(BASE32, 24), r.text(BASE32, 64))
    }),
    structured("figma token", "figma_token", |r| format!("figd_{}", r.text(BASE64_URL, 40))),
    structured("github classic token", "github_token", |r| {
        let (head, body) = (r.pick(&["ghp_", "gho_", "ghu_", "ghs_"]), r.text(BASE62, 30));
        let sum = in_digits(u64::from(crc32(body.as_bytes())), BASE62, 6);
        format!("{head}{body}{sum}")
    }),
    structured("github fine-grained token", "github_token", |r| {
        format!("github_pat_{}_{}", r.text(BASE62, 22), r.text(BASE62, 59))
    }),
    structured("gitlab token", "gitlab_token", |r| format!("glpat-{}", r.text(BASE64_URL, 20))),
    structured("google api key", "google_api_key", |r| format!("AIza{}", r.text(BASE64_URL, 35))),
    structured("google client secret", "client_secret", |r| {
        format!("GOCSPX-{}", r.text(BASE64_URL, 28))
    }),
    structured("grafana token", "grafana_token", |r| {
        let body = format!("glsa_{}", r.text(BASE62, 32));
        let sum = crc32(body.as_bytes()).swap_bytes();
        format!("{body}_{sum:08x}")
    }),
    structured("groq key", "groq_api_key", |r| format!("gsk_{}", r.text(BASE62, 52))),
    structured("hugging face token", "hf_token", |r| {
        format!("hf_{}", r.text(&format!("{UPPER}{LOWER}"), 34))
    }),
    structured("jwt", "session", |r| {
        let part = |text: String| base64(text.as_bytes(), BASE64_URL, false);
        let head = part("{\"alg\":\"HS256\",\"typ\":\"JWT\"}".to_owned());
        let body = part(format!("{{\"sub\":\"{}\",\"iat\":17{}}}", r.digits(10), r.digits(8)));
        format!("{head}.{body}.{}", base64(&r.bytes(32), BASE64_URL, false))
    }),
    structured("linear key", "linear_api_key", |r| format!("lin_api_{}", r.text(BASE62, 40))),
    structured("mailchimp key", "mailchimp_key", |r| {
        format!("{}-us{}", r.text(HEX, 32), r.between(1, 21))
    }),
    structured("mailgun key", "mailgun_key", |r| format!("key-{}", r.text(HEX, 32))),
    structured("new relic key", "new_relic_key", |r| {
        format!("NRAK-{}", r.text(&format!("{UPPER}0123456789"), 27))
    }),
    structured("npm token", "npm_token", |r| {
        let body = r.text(BASE62, 30);
        let sum = in_digits(u64::from(crc32(body.as_bytes())), BASE62, 6);
        format!("npm_{body}{sum}")
    }),
    structured("openai key", "openai_api_key", |r| {
        format!("sk-proj-{}{}{}", r.text(BASE64_URL, 74), "T3BlbkFJ", r.text(BASE64_URL, 74))
    }),
    structured("perplexity key", "perplexity_key", |r| format!("pplx-{}", r.text(BASE62, 48))),
    structured("postman key", "postman_key", |r| {
        format!("PMAK-{}-{}", r.text(HEX, 24), r.text(HEX, 34))
    }),
    structured("pulumi token", "pulumi_token", |r| format!("pul-{}", r.text(HEX, 40))),
    structured("pypi token", "pypi_token", |r| {
        let uuid = format!("{}-{}", r.text(HEX, 8), r.text(HEX, 4));
        // A macaroon: its location first, then an identifier and a signature.
        let mut bytes = vec![2, 1, 8];
        bytes.extend(b"pypi.org");
        bytes.extend([2, 13]);
        bytes.extend(uuid.as_bytes());
        bytes.extend(r.bytes(110));
        format!("pypi-{}", base64(&bytes, BASE64_URL, false))
    }),
    structured("replicate token", "replicate_token", |r| format!("r8_{}", r.text(BASE62, 37))),
    structured("rubygems key", "rubygems_key", |r| format!("rubygems_{}", r.text(HEX, 48))),
    structured("sendgrid key", "sendgrid_key", |r| {
        format!("SG.{}.{}", r.text(BASE64_URL, 22), r.text(BASE64_URL, 43))
    }),
    structured("shopify token", "shopify_token", |r| {
        format!("{}{}", r.pick(&["shpat_", "shpss_"]), r.text(HEX, 32))
    }),
    structured("slack bot token", "slack_token", |r| {
        format!("xoxb-{}-{}-{}", r.digits(12), r.digits(13), r.text(BASE62, 24))
    }),
    structured("slack webhook", "slack_webhook", |r| {
        format!(
            "https://«hooks.slack.com/services/T{}/B{}/{}»",
            r.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 10),
            r.text("ABCDEFGHJKLMNPQRSTUVWXYZ0123456789", 10),
            r.text(BASE62, 24)
        )
    }),
    structured("stripe secret key", "stripe_key", |r| {
        format!("{}_live_{}", r.pick(&["sk", "rk"]), r.text(BASE62, 99))
    }),
    structured("stripe webhook secret", "webhook_secret", |r| {
        format!("whsec_{}", r.text(BASE62, 32))
    }),
    structured("supabase token", "supabase_token", |r| format!("sbp_{}", r.text(HEX, 40))),
    structured("telegram bot token", "telegram_token", |r| {
        format!("{}{}:AA{}", r.between(1, 9), r.digits(9), r.text(BASE64_URL, 33))
    }),
    structured("terraform cloud token", "tfe_token", |r| {
        format!("{}.atlasv1.{}", r.text(BASE62, 14), r.text(BASE62, 67))
    }),
    structured("twilio api key", "twilio_api_key", |r| format!("SK{}", r.text(HEX, 32))),
    structured("vault token", "vault_token", |r| format!("hvs.{}", r.text(BASE64_URL, 91))),
    structured("xai key", "xai_api_key", |r| format!("xai-{}", r.text(BASE62, 80))),
    structured("zuplo key", "zuplo_key", |r| {
        let body = r.text(BASE36, 32);
        let sum = crc32(body.as_bytes());
        format!("zpka_{body}_{sum:08x}")
    }),
];

const fn generic(name: &'static str, key: &'static str, make: fn(&mut Random) -> String) -> Family {
    Family { name, class: Class::Generic, key, make }
}

/// Secrets that their surroundings betray.
pub(super) const GENERIC: &[Family] = &[
    generic("random password", "password", |r| {
        let length = r.between(10, 20);
        r.text(&format!("{BASE62}!#%+-_.^~"), length)
    }),
    generic("human password", "db_password", |r| {
        let word = r.pick(&["Summer", "Dragon", "Falcon", "Winter", "Thunder", "Rocket", "Violet"]);
        let mark = r.pick(&["!", "#", "_", ""]);
        format!("{word}{}{mark}{}", r.digits(2), r.digits(2))
    }),
    generic("hex key", "api_key", |r| r.text(HEX, 32)),
    generic("base64 secret", "client_secret", |r| {
        let length = r.between(24, 40);
        base64(&r.bytes(length), BASE64, true)
    }),
    generic("key of a service", "acme_key", |r| {
        let length = r.between(24, 40);
        r.text(BASE62, length)
    }),
    generic("leet password", "smtp_password", |r| {
        let word = r.pick(&["dr4g0n", "s3cur3", "f4lc0n", "w1nter", "m0nk3y", "p4nther", "s4lm0n"]);
        format!("{word}{}{}", r.pick(&["", "_", "!", "#"]), r.digits(3))
    }),
    generic("opaque token", "access_token", |r| {
        let length = r.between(24, 48);
        r.text(BASE62, length)
    }),
];
