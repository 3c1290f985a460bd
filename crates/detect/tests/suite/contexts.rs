//! Generic secrets in the contexts in which people keep them; and what looks like one there.

use datafog_core::{Channel, Finding, Key};
use datafog_detect::Scanner;

fn scan(text: &str) -> Vec<Finding> {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let mut out = Vec::new();
    Scanner::new(&key).scan(text.as_bytes(), &Channel::Stdin, &mut out);
    out.retain(|one| one.entity.starts_with("secret."));
    out
}

/// `«…»` marks what is to be found.
fn marked(text: &str) -> (String, Vec<(usize, usize)>) {
    let mut out = String::new();
    let mut spans = Vec::new();
    for (index, part) in text.split(['«', '»']).enumerate() {
        if index % 2 == 1 {
            spans.push((out.len(), out.len() + part.len()));
        }
        out.push_str(part);
    }
    (out, spans)
}

const SECRETS: &[&str] = &[
    // Environment, shells, containers.
    "export DB_PASSWORD=«swordfish»",
    "PGPASSWORD=«q8Lm2zz9» psql -h db",
    "docker run -e MYSQL_ROOT_PASSWORD=«Zx91kk!a» mysql",
    "docker run -e \"API_KEY=«k3J9xQ2mZ7pL4vB8nR5t»\" app",
    "ENV SECRET_KEY=«k3J9xQ2mZ7pL4vB8nR5t»",
    "ENV SECRET_KEY «k3J9xQ2mZ7pL4vB8nR5t»",
    "ARG NPM_TOKEN=«k3J9xQ2mZ7pL4vB8nR5t»",
    "set DB_PASSWORD=«Zx91kk!a»",
    "$env:DB_PASSWORD = \"«Zx91kk!a»\"",
    "setx API_TOKEN «k3J9xQ2mZ7pL4vB8nR5t»",
    "tool --api-key «k3J9xQ2mZ7pL4vB8nR5t» run",
    "tool --password='«Zx91kk!a»'",
    "helm install --set db.password=«Zx91kka1»",
    "terraform apply -var 'db_password=«Zx91kk!a»'",
    // Data formats.
    "{\"password\": \"«Zx91kk!a»\", \"user\": \"bob\"}",
    "{\"clientSecret\":\"«k3J9xQ2mZ7pL4vB8nR5t»\"}",
    "{\\\"password\\\": \\\"«Zx91kk!a»\\\"}",
    "db:\n  user: bob\n  password: «Zx91kk!a»\n",
    "password: '«Zx91 kk!a»'",
    "- name: DB_PASSWORD\n  value: \"«Zx91kk!a»\"\n",
    "[db]\npassword = \"«Zx91kk!a»\"\n",
    "[db]\npassword = «Zx91kk!a»\n",
    "db.password=«Zx91kk!a»\n",
    "spring.datasource.password: «Zx91kk!a»\n",
    "<password>«Zx91kk!a»</password>",
    "<add key=\"ApiKey\" value=\"«k3J9xQ2mZ7pL4vB8nR5t»\" />",
    "<property name=\"password\" value=\"«Zx91kk!a»\"/>",
    "<entry key=\"db.password\">«Zx91kk!a»</entry>",
    "password = \"«Zx91kk!a»\" # db",
    "variable \"db_password\" { default = \"«Zx91kk!a»\" }",
    "{\"type\": \"db_instance\", \"attributes\": {\"password\": \"«Zx91kk!a»\"}}",
    // Connection strings, headers, queries.
    "Server=db;Database=x;User Id=sa;Password=«Zx91kk!a»;",
    "Driver={ODBC};Server=db;Uid=sa;Pwd=«Zx91kk1a»;",
    "jdbc:postgresql://db/x?user=bob&password=«Zx91kk1a»",
    "jdbc:sqlserver://db;user=sa;password=«Zx91kk!a»;",
    "AccountName=x;AccountKey=«k3J9xQ2mZ7pL4vB8nR5tk3J9xQ2mZ7pL4vB8nR5t»",
    "X-Api-Key: «k3J9xQ2mZ7pL4vB8nR5t»",
    "curl -H 'X-Auth-Token: «k3J9xQ2mZ7pL4vB8nR5t»' https://x",
    "https://x.io/v1?api_key=«k3J9xQ2mZ7pL4vB8nR5t»&a=b",
    "https://x.io/cb#access_token=«k3J9xQ2mZ7pL4vB8nR5t»",
    "Cookie: session_token=«k3J9xQ2mZ7pL4vB8nR5t»; a=b",
    "Cookie: sessionid=«k3J9xQ2mZ7pL4vB8nR5t»; a=b",
    "Set-Cookie: JSESSIONID=«9F86D081884C7D659A2FEAA0C55AD015»; Path=/",
    "grant_type=password&username=bob&password=«Zx91kk1a»",
    "smtp://bob:«Zx91kk1a»@mail.acme.io:587",
    "//registry.npmjs.org/:_authToken=«k3J9xQ2m-Z7pL-4vB8-nR5t-k3J9xQ2mZ7pL»",
    // Languages.
    "const apiKey = '«k3J9xQ2mZ7pL4vB8nR5t»';",
    "let password: &str = \"«Zx91kk!a»\";",
    "String password = \"«Zx91kk!a»\";",
    "private static final String SECRET_KEY = \"«k3J9xQ2mZ7pL4vB8nR5t»\";",
    "password := \"«Zx91kk!a»\"",
    "var password = @\"«Zx91kk!a»\";",
    "$password = '«Zx91kk!a»';",
    "'password' => '«Zx91kk!a»',",
    ":password => \"«Zx91kk!a»\"",
    "password: \"«Zx91kk!a»\",",
    "define('DB_PASSWORD', '«Zx91kk!a»');",
    "os.environ[\"API_KEY\"] = \"«k3J9xQ2mZ7pL4vB8nR5t»\"",
    "connect(user=\"bob\", password=\"«Zx91kk!a»\")",
    "setPassword(\"«Zx91kk!a»\")",
    "#define API_KEY \"«k3J9xQ2mZ7pL4vB8nR5t»\"",
    "#define WIFI_PASSWORD \"«Zx91kk!a»\"",
    "process.env.TOKEN || '«k3J9xQ2mZ7pL4vB8nR5t»'",
    "os.getenv(\"API_KEY\", \"«k3J9xQ2mZ7pL4vB8nR5t»\")",
    "CREATE USER bob IDENTIFIED BY '«Zx91kk!a»';",
    "ALTER USER bob WITH PASSWORD '«Zx91kk!a»';",
    "requirepass «Zx91kk1a»\n",
    "char password[64] = \"«Zx91kk!a»\";",
    "std::string apiKey(\"«k3J9xQ2mZ7pL4vB8nR5t»\");",
    "auto dbPassword{\"«Zx91kk!a»\"};",
    "strcpy(password, \"«Zx91kk!a»\");",
    "let token = String::from(\"«k3J9xQ2mZ7pL4vB8nR5t»\");",
    "jwtSecret := []byte(\"«k3J9xQ2mZ7pL4vB8nR5t»\")",
    "var apiToken string = \"«k3J9xQ2mZ7pL4vB8nR5t»\"",
    "flag.String(\"db-password\", \"«Zx91kk!a»\", \"the password\")",
    "api_token <- \"«k3J9xQ2mZ7pL4vB8nR5t»\"",
    "ENV['API_KEY'] ||= '«k3J9xQ2mZ7pL4vB8nR5t»'",
    "ENV.fetch('API_KEY') { '«k3J9xQ2mZ7pL4vB8nR5t»' }",
    "config.secret_key '«k3J9xQ2mZ7pL4vB8nR5t»'",
    "set :password, '«Zx91kk!a»'",
    "setenv DB_PASSWORD «Zx91kk1a»",
    "password: |\n  «Zx91kk!a»\n",
    "token: !!str «k3J9xQ2mZ7pL4vB8nR5t»\n",
    "<key>password</key>\n<string>«Zx91kk!a»</string>",
    "<setting name=\"DbPassword\" serializeAs=\"String\">\n  <value>«Zx91kk!a»</value>",
    "buildConfigField(\"String\", \"API_KEY\", \"\\\"«k3J9xQ2mZ7pL4vB8nR5t»\\\"\")",
    "<App apiKey={\"«k3J9xQ2mZ7pL4vB8nR5t»\"} />",
    "| password | `«Zx91kk1aQ»` |",
    "the api token is `«k3J9xQ2mZ7pL4vB8nR5t»`.",
    "the password is «Zx91kk1aQ».",
    "**password**: «Zx91kk1aQ»",
    "<!-- password: «Zx91kk1aQ» -->",
    "stripe_key: \"«k3J9xQ2mZ7pL4vB8nR5t»\"",
    "curl -H \"X-Password: «Zx91kk!aQ»\" https://x.io",
    "hey, password is «Sonne2024» for the staging box",
    "the root password for db01 is «Mango!17»",
    "My password was «Flieder7» until yesterday.",
    "please log in with password «Ahorn-2219» and change it",
    "I set the password to «Erle9Wurzel» yesterday",
    "Passwort ist «Kastanie5!»",
    "pw: «hunter42» (change it after the first login)",
    "{\"key\":\"admin_password\",\"val\":\"«mUrmel-66»\"}",
    "set -gx SONAR_TOKEN «k3J9xQ2mZ7pL4vB8nR5t»",
    "ARG NPM_AUTH=«k3J9xQ2mZ7pL4vB8nR5t»",
    // Tables: every row, whatever stands beside it.
    "| host | user | password |\n|---|---|---|\n| a | b | «linde44Q» |\n| c | d | «espe!Wald7» |\n",
    "name,email,password\nAnn,a,«olive5Hain»\nBob,b,«pinie33X»\n",
    "user\tpassword\thost\nann\t«buche71K»\tdb1\n",
    "\"user\",\"secret\",\"expires\"\n\"ci\",\"«8fKq2mZ9xLw4TvRp»\",\"2027\"\n",
    "{\"secretKey\": \"«/TNedg5BZWZSB0o1t/1ZdXDdb8n3e4I1uZPm5R9wgQg=»\"}",
];

const CLEAN: &[&str] = &[
    "password: string;",
    "token: Option<String>,",
    "password = request.form['password']",
    "const token = useToken();",
    "api_key: ${{ secrets.API_KEY }}",
    "password: {{ .Values.db.password }}",
    "password: !Ref DbPassword",
    "password = var.db_password",
    "token = data.vault_generic_secret.x.data[\"token\"]",
    "PASSWORD=$(cat /run/secrets/x)",
    "PASSWORD=`pass show db`",
    "password: /run/secrets/db",
    "api_key_id: 123e4567-e89b-12d3-a456-426614174000",
    "commit 9f86d081884c7d659a2feaa0c55ad0159f86d081",
    "\"integrity\": \"sha512-k3J9xQ2mZ7pL4vB8nR5tk3J9xQ2mZ7pL4vB8nR5t==\"",
    "checksum = \"9f86d081884c7d659a2feaa0c55ad0159f86d0819f86d081884c7d659a2feaa0\"",
    "public_key = \"k3J9xQ2mZ7pL4vB8nR5t\"",
    "primaryKey: 'organization_id'",
    "keyboard = \"us-intl-alt-gr-2024\"",
    "prompt = \"{}'s password: \".format(user.name, options[\"host\"])",
    "let eM = new M.Token(\"@jupyterlab/workspaces:IWorkspaceCommands\",\"A service\");",
    "\"secret\": \"V1SecretProjection\",",
    "\"Test2::Event::Pass\" => '1.302183',",
    "$as->{pass} ? \"PASS\" : \"FAIL\"",
    "if update_password == 'always':",
    "systemctl --no-ask-password --no-wall suspend",
    "createdb --no-password reports9",
    "mysql --password -u root",
    "tool --token --output json",
    "{\"password\": \"Passwort\", \"username\": \"Benutzername\"}",
    "{\"password\": \"Mot de passe\"}",
    "password: Contraseña",
    "secret_keys: [password, api_key, access_token]",
    "SENSITIVE = [\"password\", \"client_secret\", \"api_key\"]",
    "@sensitive_variables(\"password1\", \"password2\")",
    "verdaccio-htpasswd: 13.0.0-next-8.29",
    "arn:aws:secretsmanager:us-west-2:123456789012:secret:MyTestDatabaseSecret-a1b2c3",
    "publicKeyToken=\"1fc8b3b9a1e18e3b\"",
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
    "cache_key = \"k3J9xQ2mZ7pL4vB8nR5t\"",
    "Could not change passphrase: denied",
    "it is safe to pass `v8::Isolate::GetCurrent()` here",
    "the password is incorrect",
    "usernamePassword = (b\"iamuser\", b\"other\")",
    "pub GetCredentials: SpGetCredentialsFn,",
    "tokenizer = \"cl100k_base_v2_2023\"",
    "passenger = \"John 4Smith\"",
    "password=********",
    "password=<your password>",
    "API_KEY=your_api_key_here",
    "token: xxxxxxxxxxxxxxxxxxxx",
    "password: \"\"",
    "if (password !== confirmPassword) {",
    "password_field = driver.find_element(By.ID, \"password1\")",
    "label: \"Password\", type: \"password\"",
    "password: Type.String({ minLength: 8 }),",
    "secret_name = \"prod/db/main-2024\"",
    "token_url = \"https://x.io/oauth2/token\"",
    "Enter your password: ",
    "csrf_token = \"k3J9xQ2mZ7pL4vB8nR5t\"",
    "next_token = \"k3J9xQ2mZ7pL4vB8nR5t\"",
    "password = None",
    "passwordHash: \"$2b$\"",
    "password: $DB_PASSWORD",
    "password=%DB_PASSWORD%",
    "PASSWORD_MIN_LENGTH=12",
    "password_file: /etc/x",
    "token_type: bearer",
    "\"token\": \"string\"",
    "key = lambda x: x.name2",
    "access_token: str = Field(default=None)",
    "secret = hmac.new(key1, message)",
    "the password is sha256-hashed and salted",
    "password is Base64 encoded",
    "set password to null",
    "log in with password authentication",
    "client_secret: \"_lib_0cae9daa.SecretValue\",",
    "{token:\"xml-pe.doctype.xml\",regex:\">\"}",
    "compgen -W 'pass= bitrate= \\",
    "{name:\"PASS\",value:\"passed\"}",
    "{pass:'Element\\\\'s default'}",
    "\"api_key\" => &[\"secret.*\"],",
    "username, or it is the username and password separated\\nby a colon",
    "brute-forced snmp community strings. This",
    "| field | password | name |\n|---|---|---|\n| required | yes | no |\n",
    "user,password\nname,varchar2\n",
];

#[test]
fn secrets_are_found_where_people_keep_them() {
    let missed: Vec<_> = SECRETS
        .iter()
        .filter_map(|source| {
            let (text, spans) = marked(source);
            let found: Vec<_> =
                scan(&text).iter().map(|one| (one.span.start(), one.span.end())).collect();
            (found != spans).then(|| format!("{source}: {found:?} is not {spans:?}"))
        })
        .collect();
    assert!(missed.is_empty(), "{} missed:\n{}", missed.len(), missed.join("\n"));
}

#[test]
fn what_only_looks_like_a_secret_is_none() {
    let alarms: Vec<_> = CLEAN
        .iter()
        .filter_map(|text| {
            let found = scan(text);
            (!found.is_empty()).then(|| format!("{text}: {found:?}"))
        })
        .collect();
    assert!(alarms.is_empty(), "{} alarms:\n{}", alarms.len(), alarms.join("\n"));
}
