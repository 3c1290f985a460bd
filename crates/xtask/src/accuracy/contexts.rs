//! Where values stand: one line of a file of some kind, with a slot.

use super::secrets::Class;

/// A line with a name `{k}` and a value `{v}`.
pub(super) struct Context {
    pub(super) kind: &'static str,
    pub(super) line: &'static str,
    /// Which classes make sense in it.
    pub(super) fits: &'static [Class],
    /// Only in the part that is looked at once per release.
    pub(super) held: bool,
}

const ANY: &[Class] = &[Class::Structured, Class::Generic, Class::Personal];
const SECRETS: &[Class] = &[Class::Structured, Class::Generic];
const SHAPES: &[Class] = &[Class::Structured];
const PERSONS: &[Class] = &[Class::Personal];

const fn context(kind: &'static str, line: &'static str, fits: &'static [Class]) -> Context {
    Context { kind, line, fits, held: false }
}

const fn held(kind: &'static str, line: &'static str, fits: &'static [Class]) -> Context {
    Context { kind, line, fits, held: true }
}

/// Every context.
pub(super) const CONTEXTS: &[Context] = &[
    context("env file", "{K}={v}", SECRETS),
    context("env file, quoted", "{K}=\"{v}\"", ANY),
    context("shell", "export {K}='{v}'", SECRETS),
    held("shell", "{K}=\"{v}\" ./deploy.sh --now", SECRETS),
    context("json", "  \"{k}\": \"{v}\",", ANY),
    context("json, one line", "{\"user\":\"svc\",\"{k}\":\"{v}\",\"ttl\":30}", ANY),
    held("json in json", "{\"body\":\"{\\\"{k}\\\":\\\"{v}\\\"}\"}", SECRETS),
    context("yaml", "  {k}: {v}", ANY),
    context("yaml, quoted", "    {k}: '{v}'", ANY),
    context("toml", "{k} = \"{v}\"", ANY),
    context("ini", "{k}={v}", ANY),
    context("xml", "<{k}>{v}</{k}>", ANY),
    held("xml attribute", "<add key=\"{k}\" value=\"{v}\" />", SHAPES),
    context("hcl", "  {k} = \"{v}\"", SECRETS),
    context("dockerfile", "ENV {K}={v}", SECRETS),
    held("workflow", "        {K}: {v}", SECRETS),
    context("python", "{k} = \"{v}\"  # noqa", ANY),
    held("python call", "client = Client({k}=\"{v}\")", SECRETS),
    context("javascript", "const {k} = '{v}';", ANY),
    held("javascript object", "  {k}: `{v}`,", SECRETS),
    context("go", "\t{k} := \"{v}\"", ANY),
    context("rust", "let {k} = \"{v}\";", ANY),
    context("java", "private static final String {K} = \"{v}\";", SECRETS),
    context("c#", "var {k} = \"{v}\";", SECRETS),
    context("php", "define('{K}', '{v}');", SECRETS),
    held("php array", "'{k}' => '{v}',", SECRETS),
    context("ruby", "{k}: \"{v}\",", SECRETS),
    context("log", "2026-03-01T10:22:31Z INFO sync {k}={v} status=200", ANY),
    held("log, json", "{\"level\":\"warn\",\"msg\":\"retry\",\"{k}\":\"{v}\"}", ANY),
    context("header", "Authorization: Bearer {v}", SHAPES),
    context("curl", "curl -sS -H 'Authorization: Bearer {v}' https://api.service.test/v1", SHAPES),
    held("url parameter", "GET /v2/items?page=2&{k}={v} HTTP/1.1", SHAPES),
    context("markdown", "Use `{v}` for the staging account.", SHAPES),
    context("comment", "// old: {v}", SHAPES),
    context("csv", "svc-7,{v},active", SHAPES),
    held("sql", "INSERT INTO settings VALUES ('{k}', '{v}');", SHAPES),
    context("sentence", "The {k} on file is {v}, please check it by Friday.", PERSONS),
    context("record", "name: Jane Roe; {k}: {v}; status: open", PERSONS),
    context("c array", "static const char {k}[] = \"{v}\";", SECRETS),
    context("c++ constructor", "std::string {k}(\"{v}\");", SECRETS),
    context("go bytes", "\t{k} := []byte(\"{v}\")", SECRETS),
    context("go typed", "var {k} string = \"{v}\"", ANY),
    context("r", "{k} <- \"{v}\"", SECRETS),
    context("ruby default", "{k} = ENV.fetch('{K}') { '{v}' }", SECRETS),
    context("ruby call", "  config.{k} '{v}'", SECRETS),
    context("gradle", "buildConfigField \"String\", \"{K}\", \"\\\"{v}\\\"\"", SHAPES),
    context("property list", "<key>{k}</key>\t<string>{v}</string>", SECRETS),
    context("jsx", "<Client {k}={\"{v}\"} />", SECRETS),
    context("markdown table", "| {k} | `{v}` |", SECRETS),
    context("markdown list", "- **{k}**: `{v}`", SECRETS),
    context("html comment", "<!-- {k}: {v} -->", SECRETS),
    context("csh", "setenv {K} {v}", SECRETS),
    held("elixir", "config :app, {k}: \"{v}\"", SECRETS),
    held("groovy map", "def settings = [{k}: '{v}', retries: 3]", SECRETS),
    held("kotlin", "    private val {k}: String = \"{v}\"", SECRETS),
    held("kustomize", "  - {k}={v}", SECRETS),
    held("lua", "  [\"{k}\"] = \"{v}\",", SECRETS),
    held("makefile", "{K} ?= {v}", SECRETS),
    held("nix", "  services.app.{k} = \"{v}\";", SECRETS),
    held("powershell table", "@{ {k} = \"{v}\"; Retries = 3 }", SECRETS),
    held("scala", "val {k} = \"{v}\" // staging", SECRETS),
    held("note", "new {k} since Monday: {v}", PERSONS),
    held("csv with a head", "{k},state\n{v},open", PERSONS),
];
